"""One page to one article: finds headline, body and fields, each with the rule that found it (`provenance`).

The order of trust: selectors of the site or the platform, the visible header by its labels, fields that the CMS keeps
in a script, the index table, the meta tags, the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from lxml.html import HtmlElement

from crawler.items import Article
from crawler.parsing.body import find_body
from crawler.parsing.byline import PLACEHOLDERS, Byline, BylineBlock, find_byline_block, read_byline, restore_block
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
from crawler.parsing.gov_index import read_gov_index, read_issuer
from crawler.parsing.line_kinds import is_contact, is_dateline, is_legal
from crawler.parsing.page import META_DATE, META_SOURCE, Page, first_meta, parse_html
from crawler.parsing.page_lines import Line, PageLines, build_lines
from crawler.parsing.rules import Rules
from crawler.parsing.titles import find_nearest_headline, find_stated_headline, fold, site_names
from crawler.parsing.unlabelled import find_unlabelled

# --- Pages that hold no article: blocked, empty, removed, or not the content of any site ---


@dataclass(frozen=True)
class PageRejection:
    """A page without an article: `reason` is one word, `detail` one sentence for a person.

    Reasons: blocked, needs_browser, not_article, not_found, list_page, empty, too_large, foreign, parked, closed,
    default_page, login.
    """

    reason: str
    detail: str


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
    r"|(?:页面|文章|内容|信息|稿件).{0,8}(?:已(?:被|经)?(?:删除|下架|撤回|屏蔽)|不存在|正在审核|审核中|未通过审核)"
    r"|(?:暂时?|目前)?无法(?:查看|访问)(?:该|此|本)?(?:页面|文章|内容|信息)?[，,。]?请联系|您(?:要)?访问的.{0,10}(?:不存在|已删除)",
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
_MAX_PLACEHOLDER_TEXT, _MAX_PLACEHOLDER_PUNCTUATION = 400, 10
"""A page with more characters or more punctuation has content of its own."""
_MAX_LOGIN_TITLE = 30


def reject_placeholder(page: Page, page_lines: PageLines) -> PageRejection | None:
    """Reject a page that is not any site's content; None for any other page.

    Reasons: `parked` (the domain is for sale), `closed`, `default_page` (a server without a site), `login`.
    """
    if page_lines.sizes[-1] > _MAX_PLACEHOLDER_TEXT or page_lines.punctuation[-1] >= _MAX_PLACEHOLDER_PUNCTUATION:
        return None
    title = "" if page.title is None else "".join(map(str, page.title.itertext())).strip()
    text = " ".join(line.text for line in page_lines.lines)
    if _FOR_SALE.search(f"{title} {text}"):
        return PageRejection("parked", "the domain is parked or for sale")
    if _SERVER.search(title) or _SERVER.search(text[:200]):
        return PageRejection("default_page", "the page is a web server's default page")
    asks = any((field.get("type") or "").lower() == "password" for field in page.root.iter("input"))
    if asks or (len(title) < _MAX_LOGIN_TITLE and _LOGIN.search(title)):
        return PageRejection("login", "the page asks for a login")
    if _CLOSED.search(f"{title} {text}"):
        return PageRejection("closed", "the page says that the site is closed")
    return None


def reject_page(page: Page, page_lines: PageLines) -> PageRejection | None:
    """Reject a firewall's challenge, a shell without content, an error page or a placeholder; None for other pages."""
    size = page_lines.sizes[-1]
    if page.status in BLOCKED_STATUS:
        return PageRejection("blocked", f"the server answered {page.status}: it blocks this client")
    if page.status in {404, 410}:
        return PageRejection("not_found", f"the server answered {page.status}")
    if size < 400 and _CHALLENGE.search(page.text[:20_000]):
        return PageRejection("blocked", "the page is a challenge of the site's firewall, not an article")
    if (found := reject_placeholder(page, page_lines)) is not None:
        return found
    if size < 200 and page_lines.punctuation[-1] < 5 and _SHELL.search(page.text[:100_000]):
        return PageRejection("needs_browser", "the page is a shell; scripts load its content in a browser")
    title = page.title if page_lines.punctuation[-1] < 10 else None
    if title is not None and _GONE.search("".join(map(str, title.itertext()))[:60]):
        return PageRejection("not_found", "the title of the page says that there is no such page")
    if size < 300 and _GONE.search("\n".join(line.text for line in page_lines.lines)):
        return PageRejection("not_found", "the page says that the article does not exist")
    return None


_TAG = re.compile(r"<[^>]{0,2000}>")
_WORDS = re.compile(r"[\u4e00-\u9fff]{6,20}")
_MIN_PUNCTUATION = 3
_CHINESE = re.compile(r"[\u4e00-\u9fff]|\\u[4-9][\da-f]{3}", re.I)
_SENTENCE_END = re.compile(r"。|\\u3002")
_MIN_SCRIPT_TEXT = 60
_MIN_LIST_ROWS = 8
RuleStack = Sequence[tuple[str, Rules]]
"""Rules by precedence, each with its name in `provenance`."""


@dataclass(frozen=True)
class EmbeddedFields:
    """Fields of the article that the CMS keeps in a script or a comment of the page.

    `values` are raw texts by name (title, published_at, source, author, and body as HTML); `rule` is their name in
    `provenance`.
    """

    rule: str
    values: Mapping[str, str]


def extract(
    page: Page, rule_stack: RuleStack, now: datetime, embedded: EmbeddedFields | None = None
) -> Article | PageRejection:
    """Return the article of a page, or the reason why it has none.

    `now` (aware) is when the page was fetched; no later date is accepted. Never raises on a page's content.
    """
    page_lines = build_lines(page.root)
    values = embedded.values if embedded else {}
    unseen = _find_unseen_body(page_lines, values)
    if unseen is not None:
        page_lines = unseen
    elif rejected := reject_page(page, page_lines):
        return rejected
    known = (values["title"], embedded.rule) if embedded and values.get("title") else None
    stated = find_stated_headline(page, page_lines, rule_stack, known)
    body = find_body(page, page_lines, () if unseen is not None else rule_stack, stated.line if stated else None)
    if body is None:
        return _reject_without_article(page, page_lines, "the page has no sentences outside links")
    title = stated or find_nearest_headline(page, page_lines, body.element)
    if title is None:
        return _reject_without_article(page, page_lines, "the page has text but no headline")
    text = find_text_range(page_lines, body.element, title.text, title.line)
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
    reader.read_unlabelled(around)
    return _reject_extracted(article, page, page_lines, text) or article


def _find_unseen_body(page_lines: PageLines, values: Mapping[str, str]) -> PageLines | None:
    """Return the lines of an article that only a script of the page holds; None if the page shows it."""
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


def _reject_extracted(
    article: Article, page: Page, page_lines: PageLines, text: tuple[int, int]
) -> PageRejection | None:
    """Reject what was extracted if it is not an article: links to articles, the foot of a page, or nothing."""
    lines = page_lines.lines[text[0] : text[1]]
    size = sum(len(line.text) for line in lines)
    if sum(line.link_chars for line in lines) > size / 2 and not article.attachments:
        return PageRejection("list_page", "the page's text is links to other pages")
    punctuation = sum(line.punctuation for line in lines)
    rows = sum(map(_is_row, lines))
    if rows > max(_MIN_LIST_ROWS, len(lines) / 4) or (
        punctuation < _MIN_PUNCTUATION and sum(map(_is_row, page_lines.lines)) >= _MIN_LIST_ROWS
    ):
        return PageRejection("list_page", "the page is a list of dated links")
    dated = article.provenance.get("published_at", "url") not in {"url", "generic"}
    if not (article.body or article.images or article.attachments):
        return PageRejection("empty", "the page has a headline but no text and no picture")
    legal = sum(len(line.text) for line in lines if is_legal(line.text) or is_contact(line.text))
    if dated and legal <= size / 2:
        return None
    if legal > size / 3 or punctuation < _MIN_PUNCTUATION:
        return _reject_without_article(page, page_lines, "the page has neither a date nor sentences of an article")
    return None


def _reject_without_article(page: Page, page_lines: PageLines, detail: str) -> PageRejection:
    if page_lines.lines and _has_text_in_script(page):
        return PageRejection("needs_browser", "the text is in a script, which a browser would show")
    links = sum(line.link_chars for line in page_lines.lines)
    if not page_lines.lines:
        return PageRejection("empty", "the page holds no text")
    return PageRejection("list_page" if links > page_lines.sizes[-1] / 3 else "not_article", detail)


def _has_text_in_script(page: Page) -> bool:
    """Return whether a script of the page holds sentences of Chinese, written out or as \\uXXXX."""
    for script in page.root.iter("script"):
        text = script.text or ""
        if len(_CHINESE.findall(text)) >= _MIN_SCRIPT_TEXT and len(_SENTENCE_END.findall(text)) >= _MIN_PUNCTUATION - 1:
            return True
    return False


def _is_row(line: Line) -> bool:
    """Return whether a line is a row of a list: a link beside a date."""
    return line.link_chars > 0 and is_dateline(line.text)


# --- Date, source, author and editor: each from the first rule that knows it ---

_NAMES = ("source", "author", "editor")
_OTHER_DATE = 3
"""The `label_rank` of dates other than that of publication."""
_EVENT = re.compile(r"开始|结束|截止|截至|起始|报名|活动|会议|施行|实施|生效|失效|废止")
"""Labels of dates that say nothing about publication: better no date than one of these."""
_LABEL = re.compile(r"[\u4e00-\u9fff\s]{1,8}[:：]")
_MAX_HEADER_LENGTH = 600
_MAX_NAME_LENGTH = 60


@dataclass
class FieldReader:
    """Fills date, source, author and editor of `article`, with their provenance.

    A field that is set is never overwritten, so the order of the calls is the order of trust. `now` (aware) is when the
    page was fetched.
    """

    article: Article
    page: Page
    page_lines: PageLines
    now: datetime
    other: DateReading | None = None
    """A displayed date that is relative or has another label than publication: better than none."""
    source_cut: bool = False
    header: str = ""

    def read_visible(self, rule_stack: Sequence[tuple[str, Rules]], around: BylineBlock) -> None:
        """Try the selectors of `rule_stack`, then the header and tail `around` the text."""
        self.header = around.header
        for name, rules in rule_stack:
            self._by_selectors(name, rules)
        byline = read_byline(
            around.header, around.tail, opening=around.opening, now=self.now, relative=not self.page.is_saved
        )
        if byline.source and not byline.found_by["source"]:
            # The text of a line does not show that two links without a space between them are two names.
            source, _ = find_unlabelled(self.page_lines, *around.header_lines, site_names(self.page))
            byline = replace(byline, source=source or byline.source)
        self._take_names(byline, "label")
        if _is_publication(byline) and not byline.is_relative:
            self._set_date(byline.published, "label")
        elif not _EVENT.search(byline.found_by.get("published", "")):
            self.other = byline.published
        if self.article.published_at is None and around.above:
            above = read_byline(around.above, now=self.now, relative=not self.page.is_saved)
            if _is_publication(above):
                self._set_date(above.published, "label")
        self.source_cut = byline.source_cut and self.article.provenance.get("source") == "label"

    def read_embedded(self, rule: str, values: Mapping[str, str]) -> None:
        """Use the values that the CMS keeps in a script or a comment."""
        stated = _without_midnight(self._day(values.get("published_at")))
        self._take_minute(stated, rule)
        self._set_date(stated, rule)
        for field in ("source", "author"):
            self._set(field, values.get(field), rule)

    def read_head(self) -> None:
        """Use the index table, the meta tags, and the date in the address.

        The meta tags supply the minute of a displayed day, and the whole of a source that the page cuts short.
        """
        index = self.article.gov_index or {}
        self._set_date(self._day(index.get("published_on")), "gov_index")
        stated = self._stated_date()
        self._set_date(stated, "meta")
        self._take_minute(stated, "meta")
        self._set_date(self.other, "label")
        self._set_date(self._day(index.get("written_on")), "gov_index")
        self._set_date(date_from_url(self.page.url, self.now), "url")
        self._read_stated_source(index.get("issuer"))

    def read_unlabelled(self, around: BylineBlock) -> None:
        """Use the names without a label beside the date, for what is still missing."""
        if self.article.source and self.article.author:
            return
        source, author = find_unlabelled(self.page_lines, *around.header_lines, site_names(self.page))
        self._set("source", source, "generic")
        self._set("author", author, "generic")

    def _read_stated_source(self, issuer: str | None) -> None:
        """Use the source of the meta tags, and the office that the index table names.

        The meta source wins over the displayed one if the page cuts that short, or shows all of the longer meta source.
        An office wins over a placeholder (本网).
        """
        source, shown = first_meta(self.page, META_SOURCE), self.article.source
        if source and shown and self.article.provenance["source"] == "label":
            longer = len(source) > len(shown) and source.startswith(shown) and fold(source) in fold(self.header)
            if self.source_cut or longer:
                shown = self.article.source = None
        if shown in PLACEHOLDERS or (shown is None and (source is None or source in PLACEHOLDERS)):
            issuer = issuer or read_issuer(self.page_lines)
            if issuer:
                self.article.source = None
                self._set("source", issuer, "gov_index")
        self._set("source", source, "meta")
        self._set("source", issuer, "gov_index")

    def _by_selectors(self, name: str, rules: Rules) -> None:
        for field in _NAMES:
            if text := self._first_text(getattr(rules, field)):
                unlabelled = None if _LABEL.match(text) or len(text) > _MAX_NAME_LENGTH else text
                self._set(field, getattr(read_byline(text, now=self.now), field) or unlabelled, name)
        if text := self._first_text(rules.published_at):
            self._set_date(self._day(text), name)
        for selector in rules.header:
            if text := self._first_text((selector,)):
                byline = read_byline(text, now=self.now, relative=not self.page.is_saved)
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
        return read_date(text, self.now, relative=not self.page.is_saved) if text else None

    def _stated_date(self) -> DateReading | None:
        """Return the date of the meta tags, if one can be read."""
        for name in META_DATE:
            reading = self._day(self.page.meta.get(name))
            if reading and reading.value:
                return _without_midnight(reading)
        return None

    def _take_minute(self, stated: DateReading | None, rule: str) -> None:
        shown = self.article.published_at
        if not (shown and stated and stated.value and stated.precision == "minute"):
            return
        if self.article.published_precision == "day" and stated.value.date() == shown.date():
            self.article.published_at, self.article.published_precision = stated.value, "minute"
            self.article.provenance["published_minute"] = rule

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
    """Return `reading` as a day if its time is midnight: a CMS stores 00:00 if nobody entered a time."""
    if reading and reading.value and (reading.value.hour, reading.value.minute, reading.value.second) == (0, 0, 0):
        return DateReading(reading.value, "day")
    return reading
