"""A second opinion on an article: is this the page that the list announced, and is its text a text?

Pure functions. Each returns a `Doubt` with its evidence, or None. The thresholds of the text were measured: none of 199
sound article pages raised a doubt. Those of title, date, length and neighbours were not measured on real lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

GRAVE = frozenset({"other_page", "repeated_text", "mojibake", "only_furniture"})
"""Doubts of pages whose text is not that of the article: such a page is not stored as the article."""

MIN_TITLE_CHARS = 6
"""Letters of a title that are needed to compare it."""
MIN_TITLE_SHARE = 0.2
"""Share of the pairs of characters of the shorter title that the other one must have."""
MIN_TITLE_IN_BODY = 0.5
"""Share of the pairs of characters of the list's title that the text must have, if the titles differ."""
MAX_DAYS_APART = 60
"""Days between the date of the list and that of the page: an update is displayed in one of the two on many sites."""
MIN_HAN = 40
"""Chinese characters that are needed to judge how common they are."""
MIN_COMMON_SHARE = 0.3
"""Share of common characters in a Chinese text: at least 0.61 on 199 stored pages, at most 0.09 if the same texts are
decoded in a wrong encoding."""
SAMPLE_CHARS = 300
"""Characters of a text whose encoding is judged."""
MAX_SHORT_SHARE = 0.25
"""A text shorter than this share of the site's usual length is short."""
MAX_SHORT_CHARS = 150
"""A longer text is never short, whatever the site's usual length."""

_CST = timezone(timedelta(hours=8))
_NOT_LETTERS = re.compile(r"[\W_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN_1 = re.compile(r"[\u0080-\u00ff\u0152-\u02dc\u2018-\u2026\u20ac]")
_SENTENCE_END = re.compile(r"[。！？；…]")
_FURNITURE = re.compile(
    "友情链接|网站地图|联系我们|版权所有|主办单位|承办单位|ICP备|公网安备|网站标识码|热门推荐|相关链接|"
    "投诉举报|举报电话|公开电话|办事指南|办理指南|政务服务网|无障碍|返回首页|当前位置|上一篇|下一篇|打印本页|关闭窗口"
)
_TEASER = re.compile(
    "(?:登录|登陆|注册|扫码|付费|订阅|下载(?:客户端|APP|app))[^。\n]{0,8}(?:查看|阅读|浏览)[^。\n]{0,4}(?:全文|更多|完整)|"
    "(?:查看|阅读)全文[^。\n]{0,6}(?:请|需)[^。\n]{0,6}(?:登录|登陆|注册|订阅)"
)
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得"
    "经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平"
    "形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程"
    "展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必"
    "战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打"
    "白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫"
    "且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精"
    "值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严食监督检企"
    "项健康卫药店学校餐饮服抽样格违营案环境乡镇村街居责落推创城户网宣培训执协群急防控疫情救灾疗医院职业贸销售购卖民族森林园游旅投融"
)


@dataclass(frozen=True)
class Doubt:
    """A reason to doubt an article: its `kind`, and the `evidence` in a sentence for a person."""

    kind: str
    evidence: str

    @property
    def is_grave(self) -> bool:
        """Whether the page must not be stored as the article."""
        return self.kind in GRAVE


def doubt_title(title: str | None, body: str | None, listed: str | None) -> Doubt | None:
    """`title_differs` if the title of the page has little in common with that of the list (which may be cut off), but
    its text is the article's; `other_page` if the text has little in common with it either."""
    if not title or not listed or listed in title:
        return None
    ours, theirs = _letters(title), _letters(listed)
    if min(len(ours), len(theirs)) < MIN_TITLE_CHARS or _shared_pairs(ours, theirs) >= MIN_TITLE_SHARE:
        return None
    evidence = f"title {title!r:.80}, in the list {listed!r:.80}"
    pairs = _pairs(theirs)
    text = _letters(body)
    found = sum(pair in text for pair in pairs) / len(pairs)
    return Doubt("title_differs" if found >= MIN_TITLE_IN_BODY else "other_page", evidence)


def doubt_date(published_at: datetime | None, listed_at: datetime | None, now: datetime) -> Doubt | None:
    """`dated_today` if the page shows the day of the crawl although the list gives an earlier one; `date_differs` if
    they are far apart. All times are aware."""
    if published_at is None or listed_at is None:
        return None
    ours, theirs, today = (time.astimezone(_CST).date() for time in (published_at, listed_at, now))
    evidence = f"dated {ours}, in the list {theirs}"
    if ours == today and theirs < today:
        return Doubt("dated_today", evidence)
    return Doubt("date_differs", evidence) if abs((ours - theirs).days) > MAX_DAYS_APART else None


def doubt_text(body: str | None) -> Doubt | None:
    """`mojibake` if the characters are not those of Chinese text, `only_furniture` if every line is a link or label of
    the site, `teaser` if the text ends where a login begins."""
    if not body:
        return None
    sample = body[:SAMPLE_CHARS]
    han = len(_HAN.findall(sample))
    if han >= MIN_HAN and (share := sum(map(_COMMON.__contains__, sample)) / han) < MIN_COMMON_SHARE:
        return Doubt("mojibake", f"{100 * share:.0f} % common characters: {body[:30]!r}")
    if len(sample) >= MIN_HAN and (latin := len(_LATIN_1.findall(sample))) > max(han, len(sample) // 4):
        return Doubt("mojibake", f"{latin} of {len(sample)} characters are Latin-1 symbols: {body[:30]!r}")
    if not _SENTENCE_END.search(body):
        lines = [line for line in body.split("\n") if line.strip()]
        labels = sum(bool(_FURNITURE.search(line)) for line in lines)
        if labels >= 2 and 2 * labels >= len(lines):
            return Doubt("only_furniture", f"{labels} of {len(lines)} lines are labels of the site: {lines[0][:30]!r}")
    if teaser := _TEASER.search(body[-80:]):
        return Doubt("teaser", f"the text ends with {teaser[0]!r}")
    return None


def doubt_length(body: str | None, usual_length: float | None, *, has_more: bool) -> Doubt | None:
    """`short` if the text is much shorter than usual on its site; `has_more`: the article has tables, images or
    attachments, which may be its content. `usual_length` is a median of characters, None if unknown."""
    length = len(body or "")
    if has_more or usual_length is None or length > MAX_SHORT_CHARS or length >= MAX_SHORT_SHARE * usual_length:
        return None
    return Doubt("short", f"{length} characters, usually {usual_length:.0f}")


def normalise_title(title: str | None) -> str:
    """A title by which two pages are told apart: without white space and punctuation."""
    return _letters(title)


def doubt_repeated(title: str | None, other_titles: Sequence[str | None]) -> Doubt | None:
    """`repeated_text` for a page whose text other pages of its site have under other titles."""
    ours = normalise_title(title)
    others = [other for other in other_titles if normalise_title(other) != ours]
    return Doubt("repeated_text", f"the same text under {others[0]!r:.80}") if others else None


def _letters(text: str | None) -> str:
    return _NOT_LETTERS.sub("", text or "")


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _shared_pairs(first: str, second: str) -> float:
    pairs, others = sorted((_pairs(first), _pairs(second)), key=len)
    return len(pairs & others) / len(pairs)
