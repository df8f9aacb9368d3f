"""One page to one article: raw fields, each with the rule that gave it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from lxml.html import HtmlElement

from crawler.items import Article
from crawler.parsing.body import find_body, is_contact, is_dateline, is_legal
from crawler.parsing.byline import Byline, BylineBlock, find_byline_block, read_byline, restore_block
from crawler.parsing.content import (
    attachments_in,
    find_excluded_captions,
    find_lines_in,
    find_text_range,
    images_in,
    join_body_text,
    tables_in,
)
from crawler.parsing.dates import DateReading, date_from_url, label_rank, read_date
from crawler.parsing.gov_index import read_gov_index
from crawler.parsing.page import META_DATE, META_SOURCE, Page, first_meta, parse_html
from crawler.parsing.page_lines import Line, PageLines, build_lines
from crawler.parsing.rules import Rules
from crawler.parsing.titles import find_nearest_headline, find_stated_headline

# Date, source, author and editor, each from the first rule that knows it: selectors of the site or the platform,
# the visible header by its labels, the national meta tags, what the page says for machines, the address.

_NAMES = ("source", "author", "editor")
_OTHER_DATE = 3
"""`label_rank` of a date that is not the one of publication."""
_LABEL = re.compile(r"[\u4e00-\u9fff\s]{1,8}[:：]")
_MAX_HEADER_LENGTH = 600
_MAX_NAME_LENGTH = 60


@dataclass
class FieldReader:
    """Fills `published_at`, `published_precision`, `source`, `author` and `editor` of `article`, with their provenance.
    A field that is set stays: the callers' order is the order of trust. `now` (aware) is when the page was fetched."""

    article: Article
    page: Page
    page_lines: PageLines
    now: datetime
    other: DateReading | None = None
    """A displayed date that is labelled as another than that of publication: better than none."""
    source_cut: bool = False

    def read_visible(self, rule_stack: Sequence[tuple[str, Rules]], around: BylineBlock) -> None:
        """Try the selectors of `rule_stack`, then the header and tail `around` the text."""
        for name, rules in rule_stack:
            self._by_selectors(name, rules)
        byline = read_byline(around.header, around.tail, lead=around.lead, now=self.now)
        self._take_names(byline, "label")
        if _is_publication(byline):
            self._set_date(byline.published, "label")
        else:
            self.other = byline.published
        if self.article.published_at is None and around.above:
            above = read_byline(around.above, now=self.now)
            if _is_publication(above):
                self._set_date(above.published, "label")
        self.source_cut = byline.source_cut and self.article.provenance.get("source") == "label"

    def read_embedded(self, rule: str, values: Mapping[str, str]) -> None:
        """Take what the page's product keeps of the article in a script or a comment."""
        self._set_date(_without_midnight(self._day(values.get("published_at"))), rule)
        for field in ("source", "author"):
            self._set(field, values.get(field), rule)

    def read_head(self) -> None:
        """Take what the index table and the head of the page state, then what its address tells. The head supplies the
        minute of a displayed day, and the whole of a source the page cuts short."""
        index = self.article.gov_index or {}
        self._set_date(self._day(index.get("published_on")), "gov_index")
        stated = self._stated_date()
        self._set_date(stated, "meta")
        self._take_minute(stated)
        self._set_date(self.other, "label")
        self._set_date(self._day(index.get("written_on")), "gov_index")
        self._set_date(date_from_url(self.page.url, self.now), "url")
        source = first_meta(self.page, META_SOURCE)
        if source and self.source_cut:
            self.article.source = None
        self._set("source", source, "meta")
        self._set("source", index.get("issuer"), "gov_index")

    def _by_selectors(self, name: str, rules: Rules) -> None:
        for field in _NAMES:
            if text := self._first_text(getattr(rules, field)):
                unlabelled = None if _LABEL.match(text) or len(text) > _MAX_NAME_LENGTH else text
                self._set(field, getattr(read_byline(text, now=self.now), field) or unlabelled, name)
        if text := self._first_text(rules.published_at):
            self._set_date(read_date(text, self.now), name)
        for selector in rules.header:
            if text := self._first_text((selector,)):
                byline = read_byline(text, now=self.now)
                self._take_names(byline, name)
                if _is_publication(byline):
                    self._set_date(byline.published, name)

    def _first_text(self, selectors: Sequence[str]) -> str | None:
        for selector in selectors:
            for element in self.page_lines.select(selector):
                if text := self.page_lines.text(element).strip():
                    return text[:_MAX_HEADER_LENGTH]
        return None

    def _take_names(self, byline: Byline, rule: str) -> None:
        for field in _NAMES:
            self._set(field, getattr(byline, field), rule)

    def _day(self, text: str | None) -> DateReading | None:
        return read_date(text, self.now) if text else None

    def _stated_date(self) -> DateReading | None:
        """The date the page states for machines."""
        for name in META_DATE:
            reading = self._day(self.page.meta.get(name))
            if reading and reading.value:
                return _without_midnight(reading)
        return None

    def _take_minute(self, stated: DateReading | None) -> None:
        shown = self.article.published_at
        if not (shown and stated and stated.value and stated.precision == "minute"):
            return
        if self.article.published_precision == "day" and stated.value.date() == shown.date():
            self.article.published_at, self.article.published_precision = stated.value, "minute"
            self.article.provenance["published_minute"] = "meta"

    def _set(self, field: str, value: str | None, rule: str) -> None:
        if getattr(self.article, field) is None and value and value.strip():
            setattr(self.article, field, value.strip())
            self.article.provenance[field] = rule

    def _set_date(self, reading: DateReading | None, rule: str) -> None:
        if self.article.published_at is None and reading and reading.value:
            self.article.published_at, self.article.published_precision = reading.value, reading.precision
            self.article.provenance["published_at"] = rule


def _is_publication(byline: Byline) -> bool:
    return label_rank(byline.found_by.get("published") or None) < _OTHER_DATE


def _without_midnight(reading: DateReading | None) -> DateReading | None:
    """`reading` as a day where its time is midnight: data that machines keep have one where nobody gave a time."""
    if reading and reading.value and (reading.value.hour, reading.value.minute, reading.value.second) == (0, 0, 0):
        return DateReading(reading.value, "day")
    return reading


# Pages that are no articles because the server or the browser withholds them, or because nobody keeps the site any
# more: blocked is not empty.

BLOCKED_STATUS = frozenset({403, 412, 429, 468, 521})
_CHALLENGE = re.compile(
    r"__jsl_clearance|__jsluid|\$_ts\s*[=.]|_\$[a-z]{2}\(|acw_sc__v2|cf-challenge|challenge-platform|aliyun_waf|waf_captcha|"
    r"safeline|WZWS|安全验证|访问验证|人机验证|滑动验证|您的访问(?:请求)?(?:可能|已)?被(?:拦截|阻断)|请求被拦截|访问被拒绝|防火墙已拦截",
)
_SHELL = re.compile(
    r"""<div[^>]{0,80}\bid=["'](?:app|root|__next|__nuxt)["']|ng-app|unitbuild\.js|<noscript>[^<]{0,80}JavaScript""",
    re.I,
)
_GONE = re.compile(
    r"\b404\b|页面(?:不存在|未找到|已失效)|找不到.{0,8}页|Not Found"
    r"|(?:页面|文章|内容|信息|稿件).{0,8}(?:已(?:被|经)?删除|不存在)",
    re.I,
)

_FOR_SALE = re.compile(
    r"(?:域名|domain).{0,12}(?:出售|转让|求购|竞价|for\s+sale|parking|parked)|buy\s+this\s+domain|sedoparking|本域名(?:可|正在)"
    r"|域名(?:已|到)期|domain(?:\s+name)?\s+(?:has\s+)?expired",
    re.I,
)
_CLOSED = re.compile(
    r"(?:网站|站点|本站)(?:已|现已|暂时|正在)?(?:关停|关闭|停办|停用|下线|维护|升级改造|未备案|建设中)"
)
_SERVER = re.compile(
    r"welcome to (?:nginx|openresty|tengine|caddy)|apache2? (?:\w+ )?default page|^it works!?$|iis windows server|"
    r"没有找到站点|站点创建成功|apache tomcat/\d",
    re.I,
)
_LOGIN = re.compile(r"登\s*录|登\s*陆|login|sign in|统一身份认证", re.I)
_OWN_TEXT, _SENTENCES = 400, 10
"""Characters, and punctuation marks of sentences, from which on a page has something to say of its own."""
_NAME = 30


def reject_placeholder(page: Page, page_lines: PageLines) -> tuple[str, str] | None:
    """`(reason, sentence)` where a page is no site's content: `parked` (the domain is for sale), `closed`,
    `default_page` (a server without a site) or `login`; None for any other page."""
    if page_lines.sizes[-1] > _OWN_TEXT or page_lines.punctuation[-1] >= _SENTENCES:
        return None
    title = "" if page.title is None else "".join(map(str, page.title.itertext())).strip()
    text = " ".join(line.text for line in page_lines.lines)
    if _FOR_SALE.search(f"{title} {text}"):
        return "parked", "the domain is parked or for sale: nobody publishes there"
    if _SERVER.search(title) or _SERVER.search(text[:200]):
        return "default_page", "a web server without a site answers"
    asks = any((field.get("type") or "").lower() == "password" for field in page.root.iter("input"))
    if asks or (len(title) < _NAME and _LOGIN.search(title)):
        return "login", "the page asks for a login"
    if _CLOSED.search(f"{title} {text}"):
        return "closed", "the page says that the site is closed"
    return None


def reject_page(page: Page, page_lines: PageLines) -> tuple[str, str] | None:
    """`(reason, sentence)` where the page is a challenge, a shell without content, an error page or nobody's,
    else None."""
    size = page_lines.sizes[-1]
    if page.status in BLOCKED_STATUS:
        return "blocked", f"the server answered {page.status}: it wants a browser or another address"
    if page.status in {404, 410}:
        return "not_found", f"the server answered {page.status}"
    if size < 400 and _CHALLENGE.search(page.text[:20_000]):
        return "blocked", "the page is a challenge of the site's firewall, not an article"
    if (found := reject_placeholder(page, page_lines)) is not None:
        return found
    if size < 200 and page_lines.punctuation[-1] < 5 and _SHELL.search(page.text[:100_000]):
        return "needs_browser", "the page is a shell whose content scripts load in a browser"
    title = page.title if page_lines.punctuation[-1] < 10 else None
    if title is not None and _GONE.search("".join(map(str, title.itertext()))[:60]):
        return "not_found", "the title of the page says that there is no such page"
    if size < 300 and _GONE.search("\n".join(line.text for line in page_lines.lines)):
        return "not_found", "the page says that the article does not exist"
    return None


@dataclass(frozen=True)
class PageRejection:
    """A page that gives no article: `reason` is one word (`blocked`, `needs_browser`, `not_article`, `not_found`,
    `list_page`, `empty`, `too_large`), `detail` one sentence for a person."""

    reason: str
    detail: str


_TAG = re.compile(r"<[^>]{0,2000}>")
_WORDS = re.compile(r"[\u4e00-\u9fff]{6,20}")
_MIN_MARKS = 3
_ROWS = 8
RuleStack = Sequence[tuple[str, Rules]]
"""Selectors by precedence, each with the word its fields carry in `provenance`."""


@dataclass(frozen=True)
class EmbeddedFields:
    """What the page's product keeps of the article in a script or a comment: raw `values` (title, published_at, source,
    author, and body as HTML), and the `rule` they go by in `provenance`."""

    rule: str
    values: Mapping[str, str]


def extract(
    page: Page, rule_stack: RuleStack, now: datetime, embedded: EmbeddedFields | None = None
) -> Article | PageRejection:
    """The article of a page, or why there is none. `now` (aware) is when the page was fetched; no date is later."""
    page_lines = build_lines(page.root)
    values = embedded.values if embedded else {}
    unseen = _find_unseen_body(page_lines, values)
    if unseen is not None:
        page_lines = unseen
    elif refused := reject_page(page, page_lines):
        return PageRejection(*refused)
    known = (values["title"], embedded.rule) if embedded and values.get("title") else None
    stated = find_stated_headline(page, page_lines, rule_stack, known)
    body = find_body(page, page_lines, () if unseen is not None else rule_stack, stated.line if stated else None)
    if body is None:
        return _reject_without_article(page_lines, "the page has no sentences outside links")
    title = stated or find_nearest_headline(page, page_lines, body.element)
    if title is None:
        return _reject_without_article(page_lines, "the page has text but no headline")
    text = find_text_range(page_lines, body.element, title.text)
    article = Article(url=page.url, title=title.text, confidence=body.confidence)
    article.provenance = {"title": title.rule, "body": embedded.rule if embedded and unseen is not None else body.rule}
    dropped = {element for _, rules in rule_stack for selector in rules.drop for element in page_lines.select(selector)}
    _fill_content(article, page, page_lines, body.element, text, dropped=dropped)
    article.gov_index = read_gov_index(page_lines)
    around = restore_block(find_byline_block(page_lines, body.element, text, title.text, title.line), article.body)
    reader = FieldReader(article, page, page_lines, now)
    reader.read_visible(rule_stack, around)
    if embedded:
        reader.read_embedded(embedded.rule, values)
    reader.read_head()
    return _reject_extracted(article, page_lines, text) or article


def _find_unseen_body(page_lines: PageLines, values: Mapping[str, str]) -> PageLines | None:
    """The outline of an article that only a script of the page holds, or None where the page shows it."""
    markup = values.get("body", "")
    words = _WORDS.search(_TAG.sub("", markup))
    if words is None or any(words[0] in line.text for line in page_lines.lines):
        return None
    return build_lines(
        parse_html(f"<html><body><h1>{escape(values.get('title', ''))}</h1><div>{markup}</div></body></html>")
    )


def _fill_content(
    article: Article,
    page: Page,
    page_lines: PageLines,
    element: HtmlElement,
    text: tuple[int, int],
    *,
    dropped: set[HtmlElement],
) -> None:
    tables = tables_in(page_lines, element, *text)
    article.tables = [placed.table for placed in tables]
    article.images, captions = images_in(page, page_lines, element, *text, dropped=dropped)
    article.attachments = attachments_in(page, page_lines, element, *text)
    article.body = join_body_text(
        page_lines,
        *text,
        tables,
        find_excluded_captions(page_lines, *text, captions) | find_lines_in(page_lines, dropped),
    )


def _reject_extracted(article: Article, page_lines: PageLines, text: tuple[int, int]) -> PageRejection | None:
    """Why what was found is no article after all: links to articles, the foot of a page, or nothing."""
    lines = page_lines.lines[text[0] : text[1]]
    size = sum(len(line.text) for line in lines)
    if sum(line.link_chars for line in lines) > size / 2 and not article.attachments:
        return PageRejection("list_page", "the page's text is links to other pages")
    punctuation = sum(line.punctuation for line in lines)
    rows = sum(map(_is_row, lines))
    if rows > max(_ROWS, len(lines) / 4) or (punctuation < _MIN_MARKS and sum(map(_is_row, page_lines.lines)) >= _ROWS):
        return PageRejection("list_page", "the page is a list of dated links")
    dated = article.provenance.get("published_at", "url") not in {"url", "generic"}
    if not (article.body or article.images or article.attachments):
        return PageRejection("empty", "the page has a headline but no text and no picture")
    legal = sum(len(line.text) for line in lines if is_legal(line.text) or is_contact(line.text))
    if dated and legal <= size / 2:
        return None
    if legal > size / 3 or punctuation < _MIN_MARKS:
        return _reject_without_article(page_lines, "the page has neither a date nor sentences of an article")
    return None


def _reject_without_article(page_lines: PageLines, detail: str) -> PageRejection:
    links = sum(line.link_chars for line in page_lines.lines)
    if not page_lines.lines:
        return PageRejection("empty", "the page holds no text")
    return PageRejection("list_page" if links > page_lines.sizes[-1] / 3 else "not_article", detail)


def _is_row(line: Line) -> bool:
    """Whether a line is a row of a list: a link beside a date."""
    return line.link_chars > 0 and is_dateline(line.text)
