"""What kind of document an article is, from its headline: a plan of inspections is not a result of them.

The rules are tried in order; the first that fits decides, and the words that made it fit are the evidence. A headline
that none fits is news (新闻).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from crawler.text.tokens import fold


@dataclass(frozen=True)
class DocumentType:
    """The `name`, one of TYPES, and the words of the headline that say so; none for news."""

    name: str
    evidence: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return {"name": self.name, "evidence": list(self.evidence)}


_TESTS = "(?:抽检|抽样检验|抽查检验|监督抽查|监督抽样|抽样|快检|快速检测|风险监测|例行监测|监督检验|检验检测)"
_RULES_TEXT = "(?:条例|管理办法|实施办法|暂行办法|规定|细则|国家标准|地方标准|指南|规范|目录)"
_NEWS_END = "(?:培训|会议?|座谈会|推进会|部署会|大会|活动|演练|宣传周?|讲座|研讨会|发布会|仪式)[!。]?$"

# Each rule: the type, what the headline must have, and what it must not have.
_RULES: tuple[tuple[str, str, str | None], ...] = (
    (
        "召回",
        "(?:主动|责令|紧急|实施|自愿|全部|被)?召回",
        f"召回{_RULES_TEXT}|{_NEWS_END}|召回(?:制度|演练)|征求意见|解读",
    ),
    ("政策文件", f"(?:解读|征求意见稿?|公开征求|问答).*$|{_RULES_TEXT}》|《[^》]*{_RULES_TEXT}[^》]*》", None),
    ("核查处置", "核查处置|后续?处置|处置情况|整改(?:复查)?情况|整改落实情况|风险控制情况", _NEWS_END),
    (
        "抽检计划",
        f"{_TESTS}[^,。;]{{0,12}}(?:计划|方案|安排|招标|采购|中标|成交|比选|磋商|承检机构|任务)"
        f"|(?:计划|方案|将|拟)[^,。;]{{0,12}}{_TESTS}|(?:组织)?(?:开展|做好)[^,。;]{{0,25}}{_TESTS}[^,。;]{{0,6}}的通知"
        f"|(?:启动|部署)[^,。;]{{0,20}}{_TESTS}",
        "完成情况|结果|不合格",
    ),
    (
        "抽检结果",
        f"{_TESTS}[^。;]{{0,25}}(?:结果|信息|情况|公告|通告|通报|公示|不?合格|批次|第?[0-9〇零一二三四五六七八九十]+期)"
        f"|不合格[^。;]{{0,12}}(?:通告|公告|信息|名单|情况|通报|公示)"
        f"|(?:批次|款|份|样品)[^。;]{{0,16}}不?合格|检出[^。;]{{0,20}}(?:超标|不合格|批次)|(?:通报|公布|公示)[^。;]{{0,20}}(?:不合格|{_TESTS})",
        f"{_NEWS_END}|罚|被判",
    ),
    (
        "处罚",
        "行政处罚|处罚(?:决定|信息|案|书|情况|公示)|被罚|罚款|罚没|被处罚|立案|吊销|查处|查获|典型案例|违法案|被判|判刑|曝光",
        f"裁量|{_RULES_TEXT}$|{_NEWS_END}",
    ),
    (
        "风险提示",
        "消费提示|消费警示|消费提醒|风险提示|风险预警|安全预警|预警|温馨提示|提示函|警示|提醒|告知书|倡议书|公开信",
        _NEWS_END,
    ),
    (
        "政策文件",
        f"{_RULES_TEXT}(?:\\([^)]*\\))?$|(?:印发|发布|修订|出台|施行)[^。;]{{0,40}}{_RULES_TEXT}|实施意见$|指导意见$|规划$",
        None,
    ),
    (
        "科普",
        "科普|怎么|怎样|如何|为什么|为何|吗\\??$|[??]$|小知识|误区|知识问答|谣言|辟谣|真的|能不能|你知道|挑选|选购",
        None,
    ),
    (
        "通知",
        "(?:通知|公告|通告|公示|通报|的函|批复|招聘|招标|公示表|名单)(?:\\([^)]*\\))?$|^(?:通知|公告|通告|公示)",
        None,
    ),
)
_COMPILED = tuple((name, re.compile(has), re.compile(lacks) if lacks else None) for name, has, lacks in _RULES)

NEWS = "新闻"
TYPES = (*dict.fromkeys(name for name, _, _ in _RULES), NEWS)


def document_type(title: str | None) -> DocumentType:
    """The type of the article with this headline."""
    text = "".join(fold(title or "").split())
    for name, has, lacks in _COMPILED:
        if (found := has.search(text)) and not (lacks and lacks.search(text)):
            return DocumentType(name, (found[0],))
    return DocumentType(NEWS)
