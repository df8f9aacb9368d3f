"""Which element of a page is the article's body."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement, fromstring

from crawler.parsing.page import Page
from crawler.parsing.page_lines import INLINE, Line, PageLines
from crawler.parsing.rules import Rules

# Lines around an article that are not its text: what pages print above and below it (SITES.md §7.7).

_TOOL = re.compile(
    r"[\[【〖（(<《]?\s*(?:扫一扫.{0,24}|打印(?:本页|此页|本文|文章)?|关闭(?:窗口|本页|页面)?|返回(?:顶部|首页|列表|上一页)?|纠错|我要纠错|收藏(?:本文)?|"
    r"分享(?:到|至)?.{0,40}|(?:一键)?分享|字(?:体|号|体大小)\s*[:：]?.{0,14}|[大中小]|点击(?:量|数|率|次数)?\s*[:：]?\s*\d*\s*次?|"
    r"(?:浏览|阅读|访问|点击|查看)(?:次数|量|人数|数)?\s*[:：]?\s*[\[(（]?\d*[\])）]?\s*(?:次|人)?|\d*次|评论\s*[:：]?\s*\d*|"
    r"您是第\s*\d+\s*位(?:访问者|访客|浏览者|读者)|微信|微博|新浪微博|腾讯微博|QQ空间|人人网|复制(?:链接|地址)?|点赞|顶部|下载|首页|上一[页篇]|下一[页篇]|尾页|"
    r"相关(?:附件|新闻|链接|文章|阅读|报道|稿件|信息|资讯|推荐|专题|文档|热词|搜索)|附件(?:下载|列表)?|延伸阅读|推荐阅读|热点推荐|精彩推荐|猜你喜欢|更多)"
    r"\s*[\]】〗）)>》]?\s*[:：]?\s*"
)
_BETWEEN = re.compile(r"[\s|｜/·]+")
_TAIL = re.compile(
    r"^[\W_]{0,6}(?:(?:我要)?纠错[\W_]{1,6})?(?:(?:责任|值班|执行|网络|本期)?编辑|責任編輯|編輯|责编|責編|编审|审[核校稿]|校对"
    r"|[初复终一二三]审|(?:值班)?(?:主任|编委|主编|总编辑?)|监制|签发|作者|记者|記者|通讯员|撰稿人?|供稿人?"
    r"|(?:新闻|报料|爆料|投稿)(?:热线|邮箱|电话))\s*[:：|｜丨/]"
    r"|^[\W_]{0,6}(?:(?:本文|信息|文章|稿件|新闻|内容|原文)?(?:来源|來源)|稿源|原标题|关\s*键\s*[字词]|标签|Tags?|主题词"
    r"|(?:浏览|阅读|点击|访问)(?:次数|量|数)?)\s*[:：]"
)
_RIGHTS = re.compile(r"^[\W_]{0,6}(?:(?:免责|网站|版权)?声明|版权(?:所有)?)\s*[:：]")
_SENTENCE = re.compile(r".{10,}[。？！]\W?$", re.S)
_END = re.compile(
    r"^[\W_]{0,6}(?:(?:相关(?:附件|新闻|链接|文章|阅读|报道|稿件|信息|资讯|推荐|专题)(?:推荐|列表)?|延伸阅读|推荐阅读|热点推荐|精彩推荐|热门推荐"
    r"|猜你喜欢|版权声明|免责声明|特别声明|网友评论|我要评论|发表评论|最新评论|打印(?:本页|此页|本文|文章)?)(?![\u4e00-\u9fff])"
    r"|上一[篇条]|下一[篇条]|分享到|扫一扫[^。]{0,30}$)"
)
_LAST = re.compile(
    r"^[\W_]{0,6}(?:责任编辑|責任編輯|編輯|责\s*编|编\s*辑|网络编辑|本文编辑|编审|校对|值班编辑)\s*[:：]"
)
_LINKS_HEADING = re.compile(
    r"(?:更多|热点|热门|重点|精彩|编辑|相关|推荐|最新|精选)?[\u4e00-\u9fff]{0,6}"
    r"(?:要闻|新闻|动态|资讯|推荐|阅读|报道|热点|专题|看点|回顾|关注|话题|文章|日志|视频|图集|排行|解读|政策|问答|图解)\s*[:：]?"
)
_FILE = re.compile(r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|ofd|zip|rar|7z|txt|csv)\b", re.I)
_PAGE_WORD = re.compile(
    r"首\s?页|上一?页|下一?页|末页|尾页|全文阅读|共\s?\d{1,4}\s?页|第\s?\d{1,4}\s?页|[<>«»‹›]{1,2}|\.{3}|…"
)
_PAGE_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
_PAGE_SEPARATORS = re.compile(r"[\s\[\]【】()（）|/,，]*")
# Each of these speaks of a web site. 许可证, 举报电话 and 法律责任 alone do not: they are what food news is about.
# Their first characters are asked first: most of a text begins none, and is spared the long list.
_LEGAL = re.compile(
    r"(?=[版免未禁谢不转IiCcAa公网违新视节增侵使推建客登注仅])(?:版权(?:所有|归|声明|与免责)|免责声明|(?:未经|禁止|谢绝|不得).{0,20}转载|转载.{0,12}(?:注明|目的|授权)|(?i:ICP备)|"
    r"公网安备|网站标识码|"
    r"违法和不良信息|(?:新闻信息服务|视听节目|节目制作经营|增值电信业务|网络文化经营)许可证|"
    r"网站?备案号|"
    r"(?:侵权|侵犯).{0,16}(?:联系|删除|处理)|(?:使用|推荐|建议).{0,20}浏览器|客户端下载|登录后(?:查看|阅读|评论|发表)|注册账号|"
    r"仅代表作者|不代表.{0,12}(?:立场|观点)|(?i:Copyright|All Rights))"
)
_CONTACT = re.compile(r"(?:地\s*址|邮\s*编|传\s*真|总\s*机|电子邮箱|客服|友情链接|主办单位|承办单位|技术支持)\s*[:：]")
_HEADER = re.compile(
    r"(?:发布(?:时间|日期|单位|机构|者|人)?|发表(?:时间|于)?|更新(?:时间)?|发稿时间|时\s*间|日\s*期|来\s*源|來源|原标题|作\s*者|编\s*辑|編輯|责编|记者|供稿"
    r"|撰稿|审核|浏览(?:次数|量)?|阅读(?:次数|量)?|点击(?:次数|量|数|率)?|访问(?:次数|量)?|字\s*[体号])\s*[:：]"
)
_COUNTER = re.compile(r"字体|字号|浏览|阅读量|点击|访问量|分享|打印|收藏")
_CLOCK = re.compile(r"(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}")


def is_tool(text: str) -> bool:
    """Whether a line is only buttons, counters or a pager of the page."""
    if len(text) > 120 or "。" in text:
        return False
    if _TOOL.fullmatch(text) or _is_pager(text):
        return True
    parts = [part for part in _BETWEEN.split(text) if part]
    return len(parts) > 1 and all(map(_TOOL.fullmatch, parts))


def _is_pager(text: str) -> bool:
    """Whether a line is page words and numbers; numbers alone only where they count from 1."""
    rest, words = _PAGE_WORD.subn(" ", text)
    numbers = [int(number) for number in _PAGE_NUMBER.findall(rest)]
    if words + len(numbers) < 2 or not _PAGE_SEPARATORS.fullmatch(_PAGE_NUMBER.sub("", rest)):
        return False
    return words > 0 or numbers == list(range(1, len(numbers) + 1))


@lru_cache(maxsize=2048)
def is_legal(text: str) -> bool:
    """Whether a line is about the site, its rights and its rules, as footers and disclaimers are."""
    return len(text) <= 400 and bool(_LEGAL.search(text))


def is_contact(text: str) -> bool:
    """Whether a line tells how to reach an office, as footers do."""
    return len(text) <= 200 and bool(_CONTACT.search(text))


def is_header(text: str) -> bool:
    """Whether a short line holds the article's date, a labelled name or counters, and no sentence."""
    if len(text) > 160 or "。" in text:
        return False
    return bool(_CLOCK.search(text) or _HEADER.search(text) or (len(text) <= 30 and _COUNTER.search(text)))


def is_dateline(text: str) -> bool:
    """Whether a line of a header holds a date."""
    return len(text) <= 400 and bool(_CLOCK.search(text))


def opens_with_date(text: str) -> bool:
    """Whether a line begins with a date."""
    return bool(_CLOCK.match(text))


def is_credit(text: str) -> bool:
    """Whether a line below the article only names people, sources or rights (责任编辑：…)."""
    return len(text) <= 120 and bool(_RIGHTS.match(text) or (_TAIL.match(text) and not _SENTENCE.search(text)))


def ends_article(text: str) -> bool:
    """Whether a line opens what stands below an article (相关新闻, 扫一扫…)."""
    return len(text) <= 60 and bool(_END.match(text))


def is_last_credit(text: str) -> bool:
    """Whether a line names the editor, which pages print below the article."""
    return len(text) <= 60 and bool(_LAST.match(text))


def heads_links(text: str) -> bool:
    """Whether a line only names the kind of pages that the links below it lead to (行业动态, 热点推荐)."""
    return len(text) <= 12 and bool(_LINKS_HEADING.fullmatch(text))


def names_file(text: str) -> bool:
    """Whether a line shows the name of a document to download."""
    return bool(_FILE.search(text))


# Where the article stands, judged by its text alone: two guesses that share nothing, and how far they agree.

_CLIMB = 5
_COLUMNS = 3
_GAP_COST = 40
_HEADER_LINES = 6
_PARAGRAPH = 40
_BESIDE = 3


def find_prose_run(page_lines: PageLines, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """The run of the lines `start:end` that holds most prose, whatever elements they stand in: each line with
    punctuation outside links counts its characters, each other one costs as much as a short sentence. None without."""
    best, found, total, first = 0, None, 0, start
    for index, line in enumerate(page_lines.lines[start:end], start):
        if total <= 0:
            total, first = 0, index
        plain = len(line.text) - line.link_chars
        prose = line.punctuation > 0 and line.link_chars < plain and not is_legal(line.text)
        total += plain if prose else -_GAP_COST
        if total > best:
            best, found = total, (first, index + 1)
    return found


def find_container(page_lines: PageLines, run: tuple[int, int]) -> HtmlElement | None:
    """The smallest element that holds a run of lines."""
    found = None
    for element, (first, last) in page_lines.spans.items():
        if first > run[0]:
            break
        if last >= run[1]:
            found = element
    return found


def find_best_scored(page_lines: PageLines, start: int = 0, end: int | None = None) -> HtmlElement | None:
    """The element whose paragraphs score most: each line of `start:end` gives its punctuation and length to the parent
    of its block and half of it to the grandparent. None where there are no lines outside links."""
    scores: dict[HtmlElement, float] = {}
    seen: set[str] = set()
    for line in page_lines.lines[start:end]:
        plain = len(line.text) - line.link_chars
        if plain < 12 or line.link_chars > plain or line.text in seen or is_legal(line.text):
            continue
        seen.add(line.text)
        parent = _find_scored_element(line.node, plain)
        if parent is None:
            continue
        score = line.punctuation + min(plain / 50, 4.0)
        scores[parent] = scores.get(parent, 0.0) + score
        above = parent.getparent()
        if above is not None:
            scores[above] = scores.get(above, 0.0) + score / 2
    if not scores:
        return None
    return _with_siblings(page_lines, max(scores, key=lambda element: scores[element]))


def find_nearest_prose(page_lines: PageLines, headline: int, scored: HtmlElement) -> HtmlElement | None:
    """What holds the prose right below the header of a short article, where `scored` is a longer text further down the
    page (about the site, in a side column); None where `scored` holds it or is by far the greater part."""
    below = range(headline + 1, min(headline + _HEADER_LINES + 1, len(page_lines.lines)))
    dated = next((index for index in below if is_dateline(page_lines.lines[index].text)), None)
    if dated is None or page_lines.spans[scored][0] <= dated:
        return None
    for index in range(dated + 1, min(dated + _HEADER_LINES, page_lines.spans[scored][0])):
        line = page_lines.lines[index]
        if line.punctuation > 1 and line.link_chars == 0 and len(line.text) >= _PARAGRAPH and not is_legal(line.text):
            parent = _find_scored_element(line.node, len(line.text))
            found = None if parent is None else _with_siblings(page_lines, parent)
            if found is None or page_lines.spans[found][1] > page_lines.spans[scored][0]:
                return None
            return found if page_lines.punctuation_in(scored) <= _BESIDE * page_lines.punctuation_in(found) else None
    return None


def _find_scored_element(node: HtmlElement, plain: int) -> HtmlElement | None:
    """The element a line's score goes to: the parent of its paragraph, the block itself where text stands bare in it,
    and what holds the whole table for the cell of a data table."""
    parent = node.getparent() if node.tag == "p" or plain < 200 else node
    cell = parent if parent is not None and parent.tag in {"td", "th"} else node
    if cell.tag in {"td", "th"} and len(cell.getparent() if cell.getparent() is not None else ()) >= _COLUMNS:
        table = next(cell.iterancestors("table"), None)
        return table.getparent() if table is not None else parent
    return parent


def _with_siblings(page_lines: PageLines, element: HtmlElement) -> HtmlElement:
    """`element`, or the ancestor whose further lines are prose as well: editors paste articles in many sections."""
    best, above = element, element.getparent()
    for _ in range(_CLIMB):
        if above is None or above not in page_lines.spans or above.tag in {"body", "html"}:
            break
        (start, end), (first, last) = page_lines.spans[best], page_lines.spans[above]
        added = page_lines.lines[first:start] + page_lines.lines[end:last]
        if added:
            if not _is_prose(
                added,
                page_lines.punctuation_in(above) - page_lines.punctuation_in(best),
                page_lines.punctuation_in(best),
            ):
                break
            best = above
        above = above.getparent()
    return best


def _is_prose(lines: list[Line], punctuation: int, beside: int) -> bool:
    if any(is_legal(line.text) for line in lines):
        return False
    size = sum(len(line.text) for line in lines)
    link_chars = sum(line.link_chars for line in lines)
    return punctuation >= max(3, beside * 0.1) and link_chars < size * 0.1 and punctuation > size / 60


def measure_agreement(page_lines: PageLines, one: tuple[int, int] | None, other: tuple[int, int] | None) -> float:
    """How much of the text of two ranges of lines is the same, from 0 to 1 (the F1 of their characters). Twins, one
    for the desktop and one for mobiles, are the same text."""
    if one is None or other is None:
        return 0.0
    texts = [{line.text for line in page_lines.lines[start:end]} for start, end in (one, other)]
    sizes = [sum(map(len, lines)) for lines in texts]
    return round(2 * sum(map(len, texts[0] & texts[1])) / sum(sizes), 3) if sum(sizes) else 0.0


# The last resort: readability-lxml decides where two extractors contradict each other, at ten times their time.

logging.getLogger("readability").setLevel(logging.CRITICAL)
# It logs the traceback of every page it can't read; here such a page is no event.
_MOST = 1_000_000
"""Characters of markup beyond which readability-lxml takes seconds."""
_LONG = 12
_SPACE = re.compile(r"\s+")


def tie_break(html: str, page_lines: PageLines, one: HtmlElement, other: HtmlElement) -> HtmlElement:
    """Which of two elements shares more of its text with what readability-lxml finds; `one` where it can't tell."""
    found = _extract_readable(html)
    return other if found and _measure_share(page_lines, other, found) > _measure_share(page_lines, one, found) else one


def _extract_readable(html: str) -> str:
    from readability import Document
    from readability.readability import Unparseable

    if len(html) > _MOST:
        return ""
    try:
        summary = fromstring(Document(html).summary(html_partial=True))
    except (Unparseable, etree.LxmlError, ValueError, TypeError, AttributeError):
        return ""
    return _SPACE.sub("", "".join(str(text) for text in summary.itertext()))


def _measure_share(page_lines: PageLines, element: HtmlElement, found: str) -> float:
    """F1 of an element's long lines and the text found, in characters."""
    start, end = page_lines.spans[element]
    lines = [_SPACE.sub("", line.text) for line in page_lines.lines[start:end]]
    size = sum(map(len, lines))
    shared = sum(len(line) for line in lines if len(line) >= _LONG and line in found)
    return 2 * shared / (size + len(found)) if size else 0.0


CONTAINERS = (
    "ucapcontent", ".trs_editor_view", ".TRS_UEDITOR", ".TRS_Editor", "#UCAP-CONTENT", ".v_news_content",
    ".wp_articlecontent", "#js_content", "#zoom", ".zoom", "#zoomcon", "#fontzoom", "#Zoom", ".Custom_UnionStyle",
    "#easysiteText", ".bt_content", "#ivs_content", "#ozoom", "founder-content", "#artibody", "#article_content",
    ".rm_txt_con", ".article-content", ".article_content", ".articleContent", "#articleContent", "#detail",
    "#artical_real", "#main_content", ".post_text", "#Cnt-Main-Article-QQ", "#detailContent", ".pages_content",
    ".detail-content", ".news_content", ".newsContent", ".con_txt", ".TxtContent",
)  # fmt: skip
"""Elements that editors of wide-spread systems put an article into, the most telling first."""
_SHARE = 0.8
_SHARED = 0.4
_DOUBT = 0.25


@dataclass(frozen=True)
class Body:
    """The chosen element, the rule that chose it, and how far a second extractor agrees."""

    element: HtmlElement
    rule: str
    confidence: float


def find_body(
    page: Page, page_lines: PageLines, rule_stack: Iterable[tuple[str, Rules]], headline: int | None = None
) -> Body | None:
    """The article's body: the first selector that holds text of the article, layer by layer, then a known container or
    the best scored element below `headline`, the line of the title; None for a page without sentences.

    The confidence is the agreement with the run of prose, found without a look at any element."""
    start, end = headline or 0, _find_next_article(page_lines, headline)
    scored = find_best_scored(page_lines, start, end)
    if scored is None:
        scored, start = find_best_scored(page_lines), 0
    if scored is not None and _is_foot(page_lines, page_lines.spans[scored]):
        scored = None
    elif headline is not None:
        near = find_nearest_prose(page_lines, headline, scored)
        scored = scored if near is None else near
    run = find_prose_run(page_lines, start, end)
    for name, rules in rule_stack:
        for selector in rules.body:
            element = _find_first_filled(page_lines, selector, None if name == "override" else scored)
            if element is not None:
                return Body(element, name, measure_agreement(page_lines, page_lines.spans[element], run))
    if scored is None:
        alone = _find_picture_body(page_lines, headline)
        if alone is None and run:
            alone = find_container(page_lines, run)
        return None if alone is None else Body(alone, "generic", 0.0)
    known = _find_known_container(page_lines, scored)
    best = scored if known is None else known
    confidence = measure_agreement(page_lines, page_lines.spans[best], run)
    other = find_container(page_lines, run) if run and confidence < _DOUBT else None
    if other is not None and tie_break(page.html.decode(), page_lines, best, other) is other:
        return Body(other, "readability", confidence)
    return Body(best, "generic", confidence)


def _is_foot(page_lines: PageLines, lines: tuple[int, int]) -> bool:
    """Whether a range of lines is the foot of a page: more than half of it rights and addresses."""
    texts = [line.text for line in page_lines.lines[slice(*lines)]]
    foot = sum(len(text) for text in texts if is_legal(text) or is_contact(text))
    return foot > sum(map(len, texts)) / 2


def _find_next_article(page_lines: PageLines, headline: int | None) -> int | None:
    """The line of the next `<h1>` where the headline is one: pages that scroll on append other articles."""
    if headline is None or page_lines.lines[headline].node.tag != "h1":
        return None
    title = page_lines.lines[headline].text
    following = (page_lines.spans[h1][0] for h1 in page_lines.select_tag("h1"))
    return next(
        (i for i in following if headline < i < len(page_lines.lines) and page_lines.lines[i].text != title), None
    )


def _find_known_container(page_lines: PageLines, scored: HtmlElement) -> HtmlElement | None:
    """The known container that holds nearly what the scores found: it draws the border more exactly."""
    wanted = page_lines.punctuation_in(scored) * _SHARE
    for selector in CONTAINERS:
        for element in page_lines.select(selector):
            if (
                page_lines.punctuation_in(element) >= wanted
                and measure_agreement(page_lines, page_lines.spans[element], page_lines.spans[scored]) >= _SHARE
            ):
                return element
    return None


def _find_first_filled(page_lines: PageLines, selector: str, scored: HtmlElement | None) -> HtmlElement | None:
    """The first match that shares text with what the scores found (any text where they have no say), or a picture
    where the page has no sentences; the parent where a selector names the paragraphs."""
    found = page_lines.select(selector)
    if not found:
        return None
    if found[0].tag == "p" and found[0].getparent() is not None:
        found = [found[0].getparent()]
    for element in found:
        if scored is None:
            if page_lines.size_of(element) or _has_picture(element):
                return element
        elif measure_agreement(page_lines, page_lines.spans[element], page_lines.spans[scored]) >= _SHARED:
            return element
    return None


def _find_picture_body(page_lines: PageLines, headline: int | None) -> HtmlElement | None:
    """What holds an article of pictures alone: a known container with one, else the parent of the first paragraph below
    the headline that is a picture and no link."""
    for element in (element for selector in CONTAINERS for element in page_lines.select(selector)):
        if _has_picture(element):
            return element
    for picture in page_lines.select_tag("img") if headline is not None else ():
        above = picture.getparent()
        while above is not None and above.tag in INLINE and above.tag != "a":
            above = above.getparent()
        if above is not None and above.tag == "p" and page_lines.spans.get(above, (0, 0))[0] > (headline or 0):
            return above.getparent()
    return None


def _has_picture(element: HtmlElement) -> bool:
    return next(element.iter("img"), None) is not None
