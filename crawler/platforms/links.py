"""The article links of any list page: which links are items, their full titles and their dates."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from crawler.parsing.date_forms import DateReading
from crawler.parsing.dates import date_from_url, find_dates, month_from_url, read_month_day
from crawler.parsing.page import parse_html
from crawler.parsing.page_lines import select_elements
from crawler.platforms.base import ListItem, path_and_query

_WHOLE = r"(?:19|20)\d\d\s?(?:[-/.]|年)\s?\d{1,2}\s?(?:[-/.]|月)\s?\d{1,2}日?(?:\s{0,3}\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?"
_DATE = re.compile(rf"(?<!\d){_WHOLE}")
_SPLIT = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})日?\s{1,3}(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})月?(?![\d]|\s?[-/.]\s?\d)"
)
_SHORT = re.compile(r"(?<![\d.-])\d{1,2}\s?(?:[-/.]|月)\s?\d{1,2}日?(?!\s?[-/.\d%])")
_DIGITS = r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\s{0,3}\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?"
_EDGE = re.compile(
    rf"^\s*(?:{_DIGITS}\s*|{_WHOLE}\s+|[\[(（【]\s*{_WHOLE}\s*[\])）】]\s*)"
    rf"|(?:\s*{_DIGITS}|\s+{_WHOLE}|\s*[\[(（【]\s*{_WHOLE}\s*[\])）】])\s*$"
)
"""A date before or after a title: in digits, in brackets or set apart; 2023年6月30日食品抽检结果 is a title."""
MAX_ROW_TEXT = 400
_OPENING, _CLOSING = frozenset("0123456789[(（【"), frozenset("0123456789])）】日")


def strip_date(text: str) -> str:
    """A title without a date printed before or after it inside the same link, unless the date is part of a phrase."""
    if not _may_end_in_date(text):
        return text
    return _EDGE.sub("", text).strip() or text


def _may_end_in_date(text: str) -> bool:
    return text[:1] in _OPENING or text[-1:] in _CLOSING


class Row:
    """The surroundings of one link, up to the highest element that contains no other item."""

    __slots__ = ("_holds", "_items", "_link", "_top", "has_date", "text")

    def __init__(
        self, link: HtmlElement, top: HtmlElement, items: set[HtmlElement], holds: Counter[HtmlElement]
    ) -> None:
        self._link, self._top, self._items, self._holds = link, top, items, holds
        self.has_date = False
        """Whether the row contains a date."""
        self.text = self._read()

    def _read(self) -> str:
        """The row's text outside the link; if it has no date, the text up to the next item, else the text before the
        row."""
        inside = self._inside()
        self.has_date = True
        if _has_date(inside):
            return inside
        after = self._beside(forward=True)
        if _has_date(after) and not self._is_before():
            return after
        before = self._beside(forward=False)
        if _has_date(before):
            return before
        self.has_date = _has_date(after)
        return after or inside

    def _inside(self) -> str:
        """The text of the row outside the link, else the date at an end of the link's own text."""
        text = ""
        if self._top is not self._link:
            text = " ".join(" ".join(_texts_outside(self._top, self._link)).split())[:MAX_ROW_TEXT]
            if _has_date(text):
                return text
        own = " ".join("".join(self._link.itertext() if len(self._link) else (self._link.text or "")).split())
        edge = _EDGE.search(own) if _may_end_in_date(own) else None
        return edge.group() if edge else text

    def _beside(self, *, forward: bool) -> str:
        parts: list[str] = [self._top.tail or ""] if forward else []
        node = self._top
        for _ in range(4):
            following = node.getnext() if forward else node.getprevious()
            if following is None:
                if not forward:
                    parent = node.getparent()
                    parts.append((parent.text or "") if parent is not None else "")
                break
            node = following
            if not forward:
                parts.append(node.tail or "")
            if node in self._items or self._holds[node]:
                break
            if isinstance(node.tag, str) and node.tag not in {"script", "style"}:
                parts.append(" ".join(node.itertext()))
            if forward:
                parts.append(node.tail or "")
        if not forward:
            parts.reverse()
        return " ".join(" ".join(parts).split())[:MAX_ROW_TEXT]

    def _is_before(self) -> bool:
        """Whether dates precede their items here: the first item of the parent has a date before it."""
        parent = self._top.getparent()
        if parent is None:
            return False
        if parent.text and _has_date(parent.text):
            return True
        for node in parent:
            if node in self._items or self._holds[node]:
                return False
            if isinstance(node.tag, str) and _has_date(" ".join(node.itertext())[:MAX_ROW_TEXT]):
                return True
            if node.tail and _has_date(node.tail):
                return True
        return False


def _texts_outside(top: HtmlElement, link: HtmlElement) -> list[str]:
    """The texts of `top` outside `link`, in order, without scripts and comments."""
    parts: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(top, True)]
    while stack:
        node, enter = stack.pop()
        if not enter:
            parts.append(node.tail or "")
            continue
        if node is not top:
            stack.append((node, False))
        if node is link or not isinstance(node.tag, str) or node.tag in {"script", "style"}:
            continue
        parts.append(node.text or "")
        stack.extend((child, True) for child in reversed(node))
    return parts


def _has_date(text: str) -> bool:
    return bool(text) and bool(_DATE.search(text) or _SHORT.search(text) or _SPLIT.search(text))


def date_rows(rows: Sequence[tuple[str, str, Row | None]], now: datetime) -> list[ListItem]:
    """Items from `(url, title, row)`; a row that shows only month and day gets its year from its address or from the
    rows beside it, one that shows no date gets the day that its address names."""
    return date_texts([(url, title, row.text if row else "") for url, title, row in rows], now)


def date_texts(rows: Sequence[tuple[str, str, str]], now: datetime) -> list[ListItem]:
    """`date_rows` for rows whose text is known: `(url, title, text beside the link)`."""
    read: dict[str, DateReading | None] = {text: _read_whole_date(text, now) for text in {text for _, _, text in rows}}
    readings = [read[text] for _, _, text in rows]
    moments = [reading.value if reading else None for reading in readings]
    items = []
    last: datetime | None = None
    following = _dates_after(moments)
    for index, (url, title, text) in enumerate(rows):
        reading = readings[index]
        if reading is None and (short := _SHORT.search(text)):
            near = [moment for moment in (last, following[index]) if moment]
            reading = read_month_day(text[short.start() : short.end() + 12], now, month_from_url(url), near)
        if reading is None or reading.value is None:
            reading = date_from_url(url, now)
        last = reading.value or last
        items.append(ListItem(url, title, reading.value, reading.precision))
    return items


def _dates_after(moments: Sequence[datetime | None]) -> list[datetime | None]:
    found: list[datetime | None] = []
    near: datetime | None = None
    for moment in reversed(moments):
        found.append(near)
        near = moment or near
    return found[::-1]


def _read_whole_date(text: str, now: datetime) -> DateReading | None:
    """The first date with a year in a row, None without one."""
    found = _DATE.search(text)
    if found is None:
        split = _SPLIT.search(text)
        if split is None:
            return None
        text = f"{split['y']}-{split['m']}-{split['d']}"
    else:
        text = text[found.start() : found.end() + 12]
    return next((date.reading for date in find_dates(text, now) if date.reading.value), None)


ARTICLE_URL = re.compile(
    r"/[a-z]?t(?:20\d{6}_)?\d{5,}\.s?html?$"  # TRS
    r"|/art[/_](?:.{0,80}/)?(?:art_)?[\w-]+\.html?$"  # Hanweb
    r"|/(?:content|post|news|article|info|detail|show|view|a|n|t|p)[/_-](?:[\w-]{0,40}/){0,3}[\w-]{0,40}\d{3,}(?:\.s?html?|\.jhtml|/index\.html?|/page\.htm|/)?$"
    r"|/(?:19|20)\d\d[-/_]?(?:0?[1-9]|1[0-2])(?:[-/_]?\d{1,2})?/(?:[\w-]+/){0,2}[\w-]{3,80}\.(?:s?html?|jhtml|aspx?|jsp|php)$"
    r"|/\d\d/(?:0[1-9]|1[0-2])\d\d/\d\d/\w{8,}\.s?html?$"
    r"|/[0-9a-f]{24,40}\.s?html?$|/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.s?html?)?$"
    r"|/c\d{4,}/(?:\d{6}/)?(?:[\w-]{4,})?(?:content(?:_\d+)?)?\.s?html?$|/c\d+a\d+/page\.(?:htm|psp)$"
    r"|/(?:[\w-]+/)+\d{4,}(?:\.s?html?|/index\.html?)$"
    r"|[?&](?:id|newsid|articleid|articlekey|infoid|contentid|aid|wbnewsid|nid)=\w{2,}",
    re.I,
)
"""Shapes of article addresses that are common to many systems."""
_NO_LINK = re.compile(r"^\s*(?:#|javascript:|mailto:|tel:|about:|data:)|^\s*$", re.I)
_OPENS = re.compile(
    r"""(?:open|location|href|go\w*|view\w*|show\w*|detail\w*)\W{1,3}["']([\w./:-]{0,200}\.(?:s?html?|jsp|aspx?|php)[^"'\s]{0,200})["']""",
    re.I,
)
_CATEGORY = re.compile(r"^\s*[\[【〔［(（][^\]】〕］)）]{1,12}[\]】〕］)）]\s*$")
_CUT = re.compile(r"(?:\.{2,}|…+|⋯+)\s*$")
_TITLE_LABEL = re.compile(r"^\s*(?:标题|文章标题)\s*[:：]\s*|[\r\n].*$", re.S)
_MORE = re.compile(r"^(?:查看|点击|阅读|了解)?(?:更多|全文|详情|详细|原文|内容)?(?:>+|»|\[?详细\]?)?$")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset({"p", "div", "dt", "dd", "li", *_HEADINGS})
_LISTS = frozenset({"ul", "ol", "dl", "table", "tbody"})
MIN_TITLE, MAX_LABEL = 6, 16
_PATH_START = ("/", ".")
_BREAKS = re.compile(r"[\t\r\n]")
_ORIGIN = re.compile(r"https?://[^/?#\[\]]+")
_PLAIN = re.compile(r"(https?://[\w.:-]+)?/(?![/.])(?:(?!/\.)[^#\s\\])*(?=#|$)")
"""An absolute address or path that needs no resolving: most of all links, at a tenth of the cost."""
MIN_BARE_LINKS = 5
MIN_BARE_TITLE = 8
MAX_DEPTH = 12


@dataclass(slots=True)
class Link:
    """A link that may be an item: `around` are its ancestors, the nearest first; `group` is the kind of place on the
    page, equal for the rows of one list."""

    url: str
    title: str
    element: HtmlElement
    around: list[HtmlElement]
    group: tuple[str, ...]
    is_article: bool
    row: Row | None = None


def items_in(markup: str, base: str, now: datetime, article_url: re.Pattern[str] | None = None) -> list[ListItem]:
    """The items of a piece of HTML that is nothing but list (an API's answer, an XML island), in order."""
    links = _links(parse_html(markup), base, article_url)
    return date_rows([(link.url, link.title, link.row) for link in _add_rows(links)], now)


def selected_links(root: HtmlElement, selectors: Iterable[str], base: str, now: datetime) -> list[ListItem]:
    """The items of a list page whose links the rules of its site select, each once."""
    base = _base(root, base)
    found: dict[str, Link] = {}
    chains: dict[HtmlElement | None, list[HtmlElement]] = {None: []}
    for element in (link for selector in selectors for link in select_elements(root, selector)):
        url = absolute(base, element.get("href") or "#")
        if url and url not in found and (title := title_of(element)):
            found[url] = Link(url, title, element, _around(element.getparent(), chains), (), True)
    return date_rows([(link.url, link.title, link.row) for link in _add_rows(found.values())], now)


def list_links(
    root: HtmlElement, base: str, now: datetime, article_url: re.Pattern[str] | None = None
) -> list[ListItem]:
    """The items of a whole list page: its links of an article's shape, or with a date in their row, without those in
    menus and footers. `base` is the page's address ("" if unknown), `now` the latest possible date."""
    links = _add_rows(_drop_menus(_links(root, base, article_url)))
    return date_rows([(link.url, link.title, link.row) for link in _choose_list(links)], now)


def hidden_items(
    root: HtmlElement, base: str, now: datetime, article_url: re.Pattern[str] | None = None
) -> list[ListItem]:
    """The items that a page keeps in HTML comments inside its lists, for a script to show."""
    comments = (c for c in root.iter(etree.Comment) if c.text and "<a" in c.text)
    parents = ((comment, comment.getparent()) for comment in comments)
    hidden = [comment.text for comment, parent in parents if parent is not None and parent.tag in _LISTS]
    return items_in("\n".join(hidden), base, now, article_url) if hidden else []


def _links(root: HtmlElement, base: str, article_url: re.Pattern[str] | None) -> list[Link]:
    """Links with a title, one for each address, in page order; the longest title wins."""
    base = _base(root, base)
    found: dict[str, Link] = {}
    chains: dict[HtmlElement | None, list[HtmlElement]] = {None: []}
    groups: dict[HtmlElement | None, tuple[str, ...]] = {}
    for element in root.iter("a"):
        href = element.get("href")
        if href is None or (href[:1] not in _PATH_START and _NO_LINK.match(href)):
            href = _scripted_address(href or "", element)
            if not href:
                continue
        url = absolute(base, href)
        title = title_of(element) if url else ""
        if len(title) < MIN_TITLE or (len(title) < MAX_LABEL and (_CATEGORY.match(title) or _MORE.match(title))):
            continue
        known = found.get(url)
        if known is None:
            local = path_and_query(url)
            shaped = bool(ARTICLE_URL.search(local) or (article_url is not None and article_url.search(local)))
            parent = element.getparent()
            around = _around(parent, chains)
            if parent not in groups:
                groups[parent] = _group(around)
            found[url] = Link(url, title, element, around, groups[parent], shaped)
        elif len(title) > len(known.title) and _CUT.search(known.title):
            known.title = title
    return list(found.values())


def _scripted_address(href: str, element: HtmlElement) -> str:
    """The address of a page that the script of a link opens (`window.open('…')`), "" if it opens no page."""
    script = f"{href} {element.get('onclick') or ''}"
    found = _OPENS.search(script) if "(" in script else None
    return found[1] if found else ""


def _base(root: HtmlElement, base: str) -> str:
    stated = next((tag.get("href") for tag in root.iter("base") if tag.get("href")), None)
    return absolute(base, stated) or base if stated else base


def absolute(base: str, href: str) -> str:
    """`href` made absolute against `base`; unchanged if the base is unknown, "" if it is not a web address."""
    href = href.strip() if href.isprintable() else _BREAKS.sub("", href).strip()
    plain = _PLAIN.match(href)
    if plain and plain[1]:
        return plain[0]
    if plain and (origin := _ORIGIN.match(base)):
        return origin[0] + plain[0]
    try:
        url = urljoin(base, href) if base else href
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    return url.split("#", 1)[0] if scheme in {"http", "https", ""} else ""


def title_of(element: HtmlElement) -> str:
    """The full title of a link: its heading or text, or its `title` if the text is cut, short or missing."""
    text = _shown_title(element)
    attribute = element.get("title")
    if not attribute:
        return text
    stated = " ".join(_TITLE_LABEL.sub("", attribute).split())
    bare = _CUT.sub("", text)
    cut = bare != text or len(text) < MIN_TITLE or (len(stated) > len(text) and stated.startswith(bare))
    return stated if cut and len(stated) >= MIN_TITLE else text


def _shown_title(element: HtmlElement) -> str:
    if len(element):
        for child in element.iter(*_HEADINGS):
            text = _text(child)
            if len(text) >= MIN_TITLE:
                return strip_date(text)
        for child in element:
            if child.tag in _BLOCKS:
                text = strip_date(_text(child))
                if len(text) >= MIN_TITLE:
                    return text
    return strip_date(_text(element))


def _text(element: HtmlElement) -> str:
    if not len(element):
        return " ".join((element.text or "").split())
    parts = [str(part) for part in element.itertext() if part]
    return " ".join("".join(parts).split())


def _around(node: HtmlElement | None, known: dict[HtmlElement | None, list[HtmlElement]]) -> list[HtmlElement]:
    """`node` and the elements around it, the nearest first, at most `MAX_DEPTH`; `known` remembers the answers."""
    path: list[HtmlElement] = []
    while node is not None and node not in known:
        path.append(node)
        node = node.getparent()
    chain = known[node]
    for inner in reversed(path):
        chain = [inner, *chain[: MAX_DEPTH - 1]]
        known[inner] = chain
    return chain


def _group(around: Sequence[HtmlElement]) -> tuple[str, ...]:
    """The kind of place: tag and first class of the elements around a link."""
    names = ((node.tag, (node.get("class") or "").split()) for node in around[:4])
    return tuple(f"{tag}.{classes[0]}" if classes else str(tag) for tag, classes in names)


_APART = re.compile(
    r"(?:^|[\s_-])(?:nav|menu|footer|foot|header|crumbs?|breadcrumb|dqwz|position|friend|links)(?:$|[\s_-])", re.I
)


def _drop_menus(links: Sequence[Link]) -> list[Link]:
    """Links outside menus, breadcrumbs and footers. An element with half of the links is not one of these, whatever
    its class: an element that was never closed contains the rest of the page."""
    apart: dict[HtmlElement, HtmlElement | None] = {}
    places = [_enclosing_menu(link.around, apart) for link in links]
    held = Counter(place for place in places if place is not None)
    return [link for link, place in zip(links, places, strict=True) if place is None or held[place] * 2 > len(links)]


def _enclosing_menu(around: Sequence[HtmlElement], seen: dict[HtmlElement, HtmlElement | None]) -> HtmlElement | None:
    """The nearest ancestor of a link that is a menu, breadcrumbs or a footer; `seen` caches the answers."""
    chain = []
    answer = None
    for node in around:
        if node in seen:
            answer = seen[node]
            break
        chain.append(node)
        if node.tag in {"body", "html"}:
            break
        if node.tag in {"nav", "footer"} or _APART.search(f"{node.get('class') or ''} {node.get('id') or ''}"):
            answer = node
            break
    seen.update(dict.fromkeys(chain, answer))
    return answer


def _add_rows(links: Iterable[Link]) -> list[Link]:
    """Each link with its row: the highest element around it that holds no other item."""
    links = list(links)
    holds: Counter[HtmlElement] = Counter()
    beside = Counter(link.around[0] for link in links if link.around)
    chains = {link.around[0]: link.around for link in links if link.around}
    for parent, number in beside.items():
        for node in chains[parent]:
            holds[node] += number
    elements = {link.element for link in links}
    for link in links:
        top = link.element
        for node in link.around:
            if holds[node] > 1 or node.tag in {"body", "html"}:
                break
            top = node
        link.row = Row(link.element, top, elements, holds)
    return links


def _choose_list(links: Sequence[Link]) -> list[Link]:
    """The links that are the list: of the kinds of places on the page those with dates in their rows; without dates
    the place with the most article links."""
    groups: dict[tuple[str, ...], list[Link]] = defaultdict(list)
    for link in links:
        groups[link.group[:2]].append(link)
    with_dates = [link for link in links if link.row is not None and link.row.has_date]
    if with_dates:
        wanted = {link.group for link in with_dates if link.is_article} or {link.group for link in with_dates}
        shown = {id(link) for link in with_dates}
        return [link for link in links if link.group in wanted and (id(link) in shown or link.is_article)]
    shaped = {group: [link for link in members if link.is_article] for group, members in groups.items()}
    return max(shaped.values(), key=_weight, default=[]) or _bare_list(links)


def _bare_list(links: Sequence[Link]) -> list[Link]:
    """The list element with the most text, if no link of the page has a date or an article's address: a category that
    links to other sites."""
    lists: dict[HtmlElement, list[Link]] = defaultdict(list)
    for link in links:
        holder = next((node for node in link.around if node.tag in _LISTS), None)
        if holder is not None:
            lists[holder].append(link)
    best = max(lists.values(), key=_weight, default=[])
    return best if len(best) >= MIN_BARE_LINKS and _weight(best) >= MIN_BARE_TITLE * len(best) else []


def _weight(links: Sequence[Link]) -> int:
    return sum(min(len(link.title), 30) for link in links)
