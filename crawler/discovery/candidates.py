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

from crawler.discovery.names import Verdict, bare_name, judge
from crawler.parsing.page import Page
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import local_part
from crawler.platforms.detect import detect
from crawler.platforms.links import absolute
from crawler.sites.rows import bare_host
from crawler.sites.site import Site

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
_HEADLINE = Verdict("rejected", 0, "an article")
_MOST_OF_ROW, _NEAR = 3, 5
_MOST_OF_BLOCK = 80
"""Elements before a link among which its heading is looked for."""
_CLIMB = 4
_LONGEST_HEADING = 14
_HAN = re.compile(r"[\u4e00-\u9fff]{2}")
_MORE_PICTURE = re.compile(r"(?:^|[/_-])(?:more|gengduo|gd)[\w-]{0,6}\.(?:png|gif|jpe?g|svg)", re.I)


@dataclass(frozen=True)
class Candidate:
    """One link that may lead to a section: its `name`, absolute `url` and what the name promises. A link that cannot
    be one whatever its name says has a `verdict` that refuses it, with the reason."""

    name: str
    url: str
    verdict: Verdict


def candidates(page: Page, site: Site | None = None) -> list[Candidate]:
    """The links of `page` with names of sections, each address once, the best first, of equals in page order; the
    refused ones last. `site` says whose page it is, None where nobody knows."""
    found: dict[str, Candidate] = {}
    article_url = detect(page).article_url
    for name, url, element in _named_links(page):
        refusal = _refusal(page, url, article_url) or (_HEADLINE if _is_dated(element) else None)
        candidate = Candidate(name, url, refusal or judge(name, site))
        key = canonical_url(url)
        if key not in found or candidate.verdict.score > found[key].verdict.score:
            found[key] = candidate
    return sorted(_once_by_name(found.values()), key=lambda candidate: -candidate.verdict.score)


def links_more(page: Page) -> int:
    """How many links of a page say 更多: a page that holds sections has one for each, a list has none."""
    return sum(1 for link in page.root.iter("a") if _says_more(link))


def _once_by_name(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """The candidates, the second of a name a little worse than the first: a page links its sections twice."""
    names: dict[str, str] = {}
    for candidate in found:
        verdict = candidate.verdict
        if verdict.wanted and names.setdefault(candidate.name, candidate.url) != candidate.url:
            verdict = replace(verdict, score=max(1, verdict.score - 15))
        yield replace(candidate, verdict=verdict)


def _refusal(page: Page, url: str, article_url: re.Pattern[str] | None) -> Verdict | None:
    """Why an address is no section of the page's site whatever it is called, or None."""
    home, host = bare_host(page.url), bare_host(url)
    if home and host != home and not host.endswith("." + home):
        return Verdict("rejected", 0, f"on another site ({host})")
    path = urlsplit(url).path
    if _FILE.search(path):
        return Verdict("rejected", 0, "a file")
    local = local_part(url)
    if _SINGLE.search(local) or (article_url is not None and article_url.search(local)):
        return _HEADLINE
    if canonical_url(url) == canonical_url(page.url):
        return Verdict("rejected", 0, "the page itself")
    return None


def _is_dated(link: HtmlElement) -> bool:
    """Whether a link stands in the row of a list, beside the date of an article."""
    row = next(link.iterancestors("li", "tr", "dd", "p"), None)
    if row is None or len(list(row.iter("a"))) > _MOST_OF_ROW:
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
    else the first. "" where there is none."""
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
    return 2 <= len(name) <= _LONGEST_HEADING and bool(_HAN.search(name))


def _heads_before(block: HtmlElement, link: HtmlElement) -> list[tuple[str, bool]] | None:
    """The short texts of `block` that stand before `link`, each with whether its element is marked as chosen; None
    where another link that says 更多 stands there: the block holds several sections."""
    around = set(islice(link.iterancestors(), _CLIMB))
    heads: dict[str, bool] = {}
    for element in islice(block.iter(*_HEADING), _MOST_OF_BLOCK):
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
