"""What the name of a section says: whether its list is worth crawling, and how much.

The kinds are those of county sites: the columns of 《政府网站发展指引》 (国办发〔2017〕47号), and the link texts by
which surveys of government sites chose or refused a list. A site's own news, notices and pages about food are wanted;
what it reprints from above, what the offices below it write, pictures and tenders are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.sites.names import short_name
from crawler.sites.site import Site

_NOISE = re.compile(
    r"(?:查看|点击|进入|了解)?更多(?:内容|信息)?|\bmore\b|\bnews\b|[\s·•|｜>＞»›→+\[\]〔〕《》“”\"'()（）:：\ue000-\uf8ff]+",
    re.I,
)
_LONGEST = 14
_HAN = re.compile(r"[\u4e00-\u9fff]")


def _any(*words: str) -> re.Pattern[str]:
    """A pattern that finds any of the words, parted by blanks; a word may be a pattern itself."""
    return re.compile("|".join(word for line in words for word in line.split()), re.I)


_FOOD = _any("食品 食安 食药 餐饮 抽检 抽查 食用农产品 农产品质量")
_MARKET = _any(
    "市场监管 市场监督 市监 质量(?:安全|监管|监督) 产品质量 消费(?:提示|警示|维权|预警) 药品(?:安全|监管) 药监",
    "风险(?:警示|提示|预警) 召回",
)
_NEWS = _any(
    "要闻 头条 ^今日. (?:时政|政务|政府|本地|综合|最新|重要|时事|今日|热点|重点|城区|[县市区旗]内)新闻",
)
_ACTIVITY = _any("动态 快讯 快报 速递 资讯 新闻$ 政讯 时讯")
_NOTICE = _any("通知 公告 通告 通报 警示信息 信息公布")
_CHANNEL = _any(
    "^(?:新闻(?:中心|资讯|频道|发布|宣传)?|资讯(?:中心)?|信息中心)$",
    "^(?:政务(?:公开|信息|资讯)|(?:政府)?信息公开(?:专栏|目录|平台)?|(?:法定)?主动公开(?:内容)?|公开目录)$",
    "^(?:.{0,6}重点领域.{0,8}|监管信息.{0,4}|公共监管|社会公益.{0,6}|公共服务|民生领域)$",
)

_FROM_ABOVE = _any(
    "国务 国家 中央 中国政府 上级 全国 国内 国际 国省 新华 人民日报 央视 学习强国 中省 省市 转载 转发",
)
_OF_PROVINCE = _any("省(?:府|委|内|级|政府|要闻) 自治区 疆内 自治州")
_OF_CITY = _any("市(?:府|委|级|政府)")
_DISCLOSURES = _any("公示")


@dataclass(frozen=True)
class Verdict:
    """What a name promises. `score` from 1 (worst) to 100, 0 where the section is not wanted; `kind` one of `food`,
    `market`, `news`, `activity`, `notice`, `channel`, `known` (the registry has it), `rejected`, or `gone` (its page is
    none any more); `why` is a clause for people."""

    kind: str
    score: int
    why: str

    @property
    def wanted(self) -> bool:
        """Whether the section is worth a look."""
        return self.score > 0


_SPECIAL = (
    ("food", 100, _FOOD, "speaks of food"),
    ("market", 90, _MARKET, "speaks of market supervision"),
)
_WANTED = (
    ("news", 80, _NEWS, "is the news of the place"),
    ("notice", 60, _NOTICE, "holds notices"),
    ("activity", 70, _ACTIVITY, "is what the government does"),
)
_SERVICES = _any(
    "办事 服务 互动 信箱 留言 咨询 投诉 举报 征集 访谈 调查 问卷 热线 12345 查询 下载 登录 注册 搜索 检索 邮箱 导航",
    "地图 帮助 无障碍 关怀版 长辈版 联系我们 关于我们 收藏 首页 English RSS 申请 指南 许可 备案 审批 权责 清单 版权",
    "简体 繁体 移动版 手机版 返回",
)
_REFUSED = (
    (
        "written by offices and places below",
        _any(
            "部门 镇街 乡镇 镇乡 镇办 乡街 镇区 街镇 街道 乡村 村居 社区 基层 委办 县区 区县 县市 市县 旗县 旗市区",
            "市州 各地 各县 地方动态 园区动态 单位动态 站所",
        ),
    ),
    (
        "pictures, films and special topics",
        _any(
            "视频 图片 图说 图解 图集 影像 摄影 专题 专栏 音频 直播 点播 电视 广播 播报 微博 微信 公众号 客户端 融媒",
            "动漫 电子报 数字报 VR 抖音 矩阵",
        ),
    ),
    (
        "tenders, posts and other matters",
        _any(
            "招标 投标 中标 采购 招聘 招录 招考 考试 考录 录用 任免 人事 干部 公务员 拍卖 征地 征收 征迁 拆迁 环评",
            "环境影响 财政 预算 决算 审计 规划 统计 土地 工程建设 项目 会议 讲话 招商 投资 扶贫 救助 住房 教育 就业",
            "户籍 气象 地震",
        ),
    ),
    ("a service or a form", _SERVICES),
    (
        "a portrait of the place",
        _any(
            "概况 领导 机构 走进 魅力 印象 旅游 文化 历史 人文 风光 美食 名人 特产 简介 县情 市情 区情 大事记 荣誉",
        ),
    ),
    (
        "rules and documents",
        _any(
            "政策 法规 法律 文件 解读 公报 规章 年报 年度报告 制度 发布会 回应 提案 议案 建议 数据 档案 标准 规范 党建",
            "学习",
        ),
    ),
)


def bare_name(text: str) -> str:
    """The name in a link's text, without marks, `更多` and `MORE`: "" where nothing is left."""
    return _NOISE.sub("", text).strip("-—_. ,，。、")


def judge(name: str, site: Site | None = None) -> Verdict:
    """What `name` (as `bare_name` gives it) promises on the pages of `site`; never raises."""
    if not _HAN.search(name) or len(name) < 2:
        return _no("no Chinese name")
    if len(name) > _LONGEST or "【" in name:
        return _no("a headline, not a name")
    if _from_above(name, site):
        return _no("reprinted from above")
    if not _SERVICES.search(name) and (special := _first(_SPECIAL, name)):
        return special
    if _CHANNEL.search(name):
        return Verdict("channel", 40, "is a channel that may hold sections")
    if (refused := next((why for why, form in _REFUSED if form.search(name)), None)) is not None:
        return _no(refused)
    otherwise = "proclamations of single decisions" if _DISCLOSURES.search(name) else "not a name of news or notices"
    return _first(_WANTED, name) or _no(otherwise)


def _first(kinds: tuple[tuple[str, int, re.Pattern[str], str], ...], name: str) -> Verdict | None:
    return next((Verdict(kind, score, why) for kind, score, form, why in kinds if form.search(name)), None)


def _from_above(name: str, site: Site | None) -> bool:
    """Whether a list holds what the site reprints from governments above its own."""
    own = site.short if site else ""
    rest = name.replace(own, "") if own else name
    kind = site.kind if site else "county"
    if _FROM_ABOVE.search(rest) or (kind != "province" and _OF_PROVINCE.search(rest)):
        return True
    if site is None:
        return False
    if kind == "county" and not site.name.endswith("市") and _OF_CITY.search(rest):
        return True
    above = {short_name(place) for place in (site.province, site.city) if place and place != site.name} - {own}
    return any(rest.startswith(place) for place in above)


def _no(why: str) -> Verdict:
    return Verdict("rejected", 0, why)
