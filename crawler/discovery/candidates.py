"""The links of a home page (or of a channel page) that may lead to a section, each judged by its name.

A section is named by its link (要闻), by the picture in it, or, where the link says 更多, by the heading beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.parsing.page import Page
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import path_and_query
from crawler.platforms.detect import detect
from crawler.platforms.links import absolute
from crawler.sites.files import bare_host
from crawler.sites.names import short_name
from crawler.sites.site import Site

# What the name of a section says: whether its list is worth crawling, and how much. The kinds
# are those of county sites: the columns of 《政府网站发展指引》 (国办发〔2017〕47号), and the link texts by
# which surveys of government sites chose or refused a list. A site's own news, notices and
# pages about food are wanted; what it reprints from above, what the offices below it write,
# pictures and tenders are not.

_NOISE = re.compile(
    r"(?:查看|点击|进入|了解)?更多(?:内容|信息)?|\bmore\b|\bnews\b|[\s·•|｜>＞»›→+\[\]〔〕《》“”\"'()（）:：\ue000-\uf8ff]+",
    re.I,
)
MAX_NAME_LENGTH = 14
_HAN_WORD = re.compile(r"[\u4e00-\u9fff]")


def _pattern(*words: str) -> re.Pattern[str]:
    """A pattern that finds any of the words, parted by blanks; a word may be a pattern itself."""
    return re.compile("|".join(word for line in words for word in line.split()), re.I)


_FOOD = _pattern("食品 食安 食药 餐饮 抽检 抽查 食用农产品 农产品质量")
_MARKET = _pattern(
    "市场监管 市场监督 市监 质量(?:安全|监管|监督) 产品质量 消费(?:提示|警示|维权|预警) 药品(?:安全|监管) 药监",
    "风险(?:警示|提示|预警) 召回",
)
_NEWS = _pattern(
    "要闻 头条 ^今日. (?:时政|政务|政府|本地|综合|最新|重要|时事|今日|热点|重点|城区|[县市区旗]内)新闻",
)
_ACTIVITY = _pattern("动态 快讯 快报 速递 资讯 新闻$ 政讯 时讯")
_NOTICE = _pattern("通知 公告 通告 通报 警示信息 信息公布")
_CHANNEL = _pattern(
    "^(?:新闻(?:中心|资讯|频道|发布|宣传)?|资讯(?:中心)?|信息中心)$",
    "^(?:政务(?:公开|信息|资讯)|(?:政府)?信息公开(?:专栏|目录|平台)?|(?:法定)?主动公开(?:内容)?|公开目录)$",
    "^(?:.{0,6}重点领域.{0,8}|监管信息.{0,4}|公共监管|社会公益.{0,6}|公共服务|民生领域)$",
)

_FROM_ABOVE = _pattern(
    "国务 国家 中央 中国政府 上级 全国 国内 国际 国省 新华 人民日报 央视 学习强国 中省 省市 转载 转发",
)
_OF_PROVINCE = _pattern("省(?:府|委|内|级|政府|要闻) 自治区 疆内 自治州")
_OF_CITY = _pattern("市(?:府|委|级|政府)")
_DISCLOSURES = _pattern("公示")


@dataclass(frozen=True)
class NameRating:
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
_SERVICES = _pattern(
    "办事 服务 互动 信箱 留言 咨询 投诉 举报 征集 访谈 调查 问卷 热线 12345 查询 下载 登录 注册 搜索 检索 邮箱 导航",
    "地图 帮助 无障碍 关怀版 长辈版 联系我们 关于我们 收藏 首页 English RSS 申请 指南 许可 备案 审批 权责 清单 版权",
    "简体 繁体 移动版 手机版 返回",
)
_REFUSED = (
    (
        "written by offices and places below",
        _pattern(
            "部门 镇街 乡镇 镇乡 镇办 乡街 镇区 街镇 街道 乡村 村居 社区 基层 委办 县区 区县 县市 市县 旗县 旗市区",
            "市州 各地 各县 地方动态 园区动态 单位动态 站所",
        ),
    ),
    (
        "pictures, films and special topics",
        _pattern(
            "视频 图片 图说 图解 图集 影像 摄影 专题 专栏 音频 直播 点播 电视 广播 播报 微博 微信 公众号 客户端 融媒",
            "动漫 电子报 数字报 VR 抖音 矩阵",
        ),
    ),
    (
        "tenders, posts and other matters",
        _pattern(
            "招标 投标 中标 采购 招聘 招录 招考 考试 考录 录用 任免 人事 干部 公务员 拍卖 征地 征收 征迁 拆迁 环评",
            "环境影响 财政 预算 决算 审计 规划 统计 土地 工程建设 项目 会议 讲话 招商 投资 扶贫 救助 住房 教育 就业",
            "户籍 气象 地震",
        ),
    ),
    ("a service or a form", _SERVICES),
    (
        "a portrait of the place",
        _pattern(
            "概况 领导 机构 走进 魅力 印象 旅游 文化 历史 人文 风光 美食 名人 特产 简介 县情 市情 区情 大事记 荣誉",
        ),
    ),
    (
        "rules and documents",
        _pattern(
            "政策 法规 法律 文件 解读 公报 规章 年报 年度报告 制度 发布会 回应 提案 议案 建议 数据 档案 标准 规范 党建",
            "学习",
        ),
    ),
)


def bare_name(text: str) -> str:
    """The name in a link's text, without marks, `更多` and `MORE`: "" if nothing is left."""
    return _NOISE.sub("", text).strip("-—_. ,，。、")


def rate_name(name: str, site: Site | None = None) -> NameRating:
    """What `name` (from `bare_name`) promises on the pages of `site`; never raises."""
    if not _HAN_WORD.search(name) or len(name) < 2:
        return _no("no Chinese name")
    if len(name) > MAX_NAME_LENGTH or "【" in name:
        return _no("a headline, not a name")
    if _from_above(name, site):
        return _no("reprinted from above")
    if not _SERVICES.search(name) and (special := _first(_SPECIAL, name)):
        return special
    if _CHANNEL.search(name):
        return NameRating("channel", 40, "is a channel that may hold sections")
    if (refused := next((why for why, form in _REFUSED if form.search(name)), None)) is not None:
        return _no(refused)
    otherwise = "proclamations of single decisions" if _DISCLOSURES.search(name) else "not a name of news or notices"
    return _first(_WANTED, name) or _no(otherwise)


def _first(kinds: tuple[tuple[str, int, re.Pattern[str], str], ...], name: str) -> NameRating | None:
    return next((NameRating(kind, score, why) for kind, score, form, why in kinds if form.search(name)), None)


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


def _no(why: str) -> NameRating:
    return NameRating("rejected", 0, why)


_MORE = re.compile(
    r"^[\s\[【(（]*(?:(?:查看|点击|进入|了解|浏览)?更多(?:内容|信息|新闻)?|more|全部|\+)[\s.…>＞»›+\]】)）]*$", re.I
)
_DEAD = re.compile(r"^\s*(?:#|javascript:|mailto:|tel:|about:|data:|$)", re.I)
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|zip|rar|jpe?g|png|gif|mp[34]|apk)$", re.I)
_SINGLE = re.compile(
    r"/t20\d{6}_\d+\.|/art/(?:20\d\d)/|/post_\d+\.|/content_\d+\.|/detail/|/20\d\d[-/]?(?:0[1-9]|1[0-2])[-/]?(?:\d\d)?/[\w-]+\.s?html?$"
    r"|[?&]a=show\b|/[0-9a-f]{32}\.s?html?$|[?&](?:newsid|articleid|articlekey|infoid)=|/info/\d+/\d+\.htm"
)
"""Addresses that are those of one article on any system."""
_HEADING = ("h1", "h2", "h3", "h4", "h5", "h6", "strong", "b", "span", "em", "p", "div", "li", "a", "td", "dt")
_ACTIVE = re.compile(
    r"(?:^|[\s_-])(?:on|cur|current|active|hover|selected|sel|this|now)(?:$|[\s_-])|(?:^|\s)tab-?on", re.I
)
_DATE = re.compile(r"(?:20\d\d\s*[-/.年]\s*)?(?:0?[1-9]|1[0-2])\s*[-/.月]\s*(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_HEADLINE = NameRating("rejected", 0, "an article")
_MAX_ROW, _NEAR = 3, 5
_MAX_BLOCK = 80
"""Elements before a link among which its heading is looked for."""
_CLIMB = 4
_MAX_HEADING_LENGTH = 14
_HAN = re.compile(r"[\u4e00-\u9fff]{2}")
_MORE_PICTURE = re.compile(r"(?:^|[/_-])(?:more|gengduo|gd)[\w-]{0,6}\.(?:png|gif|jpe?g|svg)", re.I)


@dataclass(frozen=True)
class SectionLink:
    """One link that may lead to a section: its `name`, absolute `url` and what the name promises. A link that cannot
    be one whatever its name says has a `verdict` that refuses it, with the reason."""

    name: str
    url: str
    verdict: NameRating


def find_section_links(page: Page, site: Site | None = None) -> list[SectionLink]:
    """The links of `page` with names of sections, each address once, the best first, of equals in page order; the
    refused ones last. `site` says whose page it is, None if nobody knows."""
    found: dict[str, SectionLink] = {}
    article_url = detect(page).article_url
    for name, url, element in _named_links(page):
        refusal = _refusal(page, url, article_url) or (_HEADLINE if _is_dated(element) else None)
        candidate = SectionLink(name, url, refusal or rate_name(name, site))
        key = canonical_url(url)
        if key not in found or candidate.verdict.score > found[key].verdict.score:
            found[key] = candidate
    return sorted(_once_by_name(found.values()), key=lambda candidate: -candidate.verdict.score)


def links_more(page: Page) -> int:
    """How many links of a page say 更多: a page that holds sections has one for each, a list has none."""
    return sum(1 for link in page.root.iter("a") if _says_more(link))


def _once_by_name(found: Iterable[SectionLink]) -> Iterator[SectionLink]:
    """The candidates, the second of a name a little worse than the first: a page links its sections twice."""
    names: dict[str, str] = {}
    for candidate in found:
        verdict = candidate.verdict
        if verdict.wanted and names.setdefault(candidate.name, candidate.url) != candidate.url:
            verdict = replace(verdict, score=max(1, verdict.score - 15))
        yield replace(candidate, verdict=verdict)


def _refusal(page: Page, url: str, article_url: re.Pattern[str] | None) -> NameRating | None:
    """Why an address is no section of the page's site whatever it is called, or None."""
    home, host = bare_host(page.url), bare_host(url)
    if home and host != home and not host.endswith("." + home):
        return NameRating("rejected", 0, f"on another site ({host})")
    path = urlsplit(url).path
    if _FILE.search(path):
        return NameRating("rejected", 0, "a file")
    local = path_and_query(url)
    if _SINGLE.search(local) or (article_url is not None and article_url.search(local)):
        return _HEADLINE
    if canonical_url(url) == canonical_url(page.url):
        return NameRating("rejected", 0, "the page itself")
    return None


def _is_dated(link: HtmlElement) -> bool:
    """Whether a link stands in the row of a list, beside the date of an article."""
    row = next(link.iterancestors("li", "tr", "dd", "p"), None)
    if row is None or len(list(row.iter("a"))) > _MAX_ROW:
        return False
    return bool(_DATE.search(_text(row).removeprefix(_text(link))))


def _named_links(page: Page) -> Iterator[tuple[str, str, HtmlElement]]:
    """`(name, address, element)` of every link that a short text names."""
    base = next((tag.get("href") for tag in page.root.iter("base") if tag.get("href")), None)
    start = absolute(page.url, base) or page.url if base else page.url
    for link in page.root.iter("a", "area"):
        href = link.get("href")
        if href is None or _DEAD.match(href):
            continue
        url = absolute(start, href)
        if not url:
            continue
        if _says_more(link):
            name = _heading_of(link)
        else:
            shown = (_text(link), link.get("title"), _alt(link))
            name = next((bare for one in shown if (bare := bare_name(one or ""))), "")
        if name:
            yield name, url, link


def _text(element: HtmlElement) -> str:
    return "".join("".join(map(str, element.itertext())).split())


def _says_more(link: HtmlElement) -> bool:
    """Whether a link says 更多, in words or by a picture that is called so."""
    said = [one for one in (_text(link), link.get("title"), _alt(link)) if one]
    if not said:
        return any(_MORE_PICTURE.search(image.get("src") or "") for image in link.iter("img"))
    return bool(_MORE.match(said[0])) and not any(bare_name(one) for one in said)


def _alt(link: HtmlElement) -> str:
    """What a picture in a link says."""
    if link.tag == "area":
        return link.get("alt") or ""
    return next((image.get("alt") or image.get("title") or "" for image in link.iter("img")), "")


def _heading_of(link: HtmlElement) -> str:
    """The heading that stands before a link that says 更多: of several (the heads of tabs) the one shown as chosen,
    else the first. "" if there is none."""
    node = link
    for _ in range(_CLIMB):
        parent = node.getparent()
        if parent is None or parent.tag in {"body", "html"}:
            return ""
        name = _text_before(node)
        heads = [(name, True)] if name else _heads_before(parent, link)
        if heads is None:
            return ""
        if heads:
            chosen = [name for name, active in heads if active]
            return (chosen or [heads[0][0]])[0]
        node = parent
    return ""


def _text_before(node: HtmlElement) -> str:
    """The words that stand right before an element in the same block, where they may be a heading."""
    parent = node.getparent()
    if parent is None:
        return ""
    before = islice(node.itersiblings(preceding=True), _NEAR)
    name = bare_name((parent.text or "") + "".join(sibling.tail or "" for sibling in before))
    return name if _is_heading(name) else ""


def _is_heading(name: str) -> bool:
    return 2 <= len(name) <= _MAX_HEADING_LENGTH and bool(_HAN.search(name))


def _heads_before(block: HtmlElement, link: HtmlElement) -> list[tuple[str, bool]] | None:
    """The short texts of `block` that stand before `link`, each with whether its element is marked as chosen; None
    where another link that says 更多 stands there: the block holds several sections."""
    around = set(islice(link.iterancestors(), _CLIMB))
    heads: dict[str, bool] = {}
    for element in islice(block.iter(*_HEADING), _MAX_BLOCK):
        if element is link:
            break
        if element in around:
            continue
        if element.tag == "a" and _says_more(element):
            return None
        name = bare_name(_text(element))
        if _is_heading(name):
            active = any(_ACTIVE.search(node.get("class") or "") for node in (element, element.getparent()))
            heads[name] = heads.get(name, False) or active
    return list(heads.items())
