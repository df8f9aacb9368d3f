"""From a home page to the sections worth crawling: asks for a few pages, in the order that promises most.

The caller brings the network: `survey_site` awaits pages from the function it is given, so that a crawl, a command and
a test run the same steps.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from crawler.discovery.candidates import NameRating, SectionLink, find_section_links, links_more
from crawler.parsing.article import BLOCKED_STATUS, reject_page, reject_placeholder
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.page_lines import build_lines
from crawler.parsing.urls import canonical_url, other_scheme
from crawler.platforms.base import Listing, ListItem
from crawler.platforms.links import absolute
from crawler.platforms.reading import read_list
from crawler.sites.files import bare_host
from crawler.sites.site import Section, Site

# Soft 404s: pages that answer 200 and say that there is nothing, or show the home page in place of what was asked
# for. What a site answers to a path that certainly does not exist shows how it says so; an answer like that one, or
# like the home page, is none. So is a guessed address (`/yw/`) that no page of the site links to.

_NOWHERE = "/no-such-page-4c1e7f20d9/index.html"
MIN_LINK_SHARE = 0.9
MIN_LINKS = 5


def missing_url(homepage: str) -> str:
    """An address on the home page's host that no site has."""
    return urljoin(homepage, _NOWHERE)


def is_gone(page: Page, home: Page | None, missing: Page | None) -> str | None:
    """Why `page`, asked for as a section of the site with that home page, is none: a clause for people; None if it
    is a page of its own. `missing` is the site's answer to `missing_url`."""
    if page.status >= 400:
        return f"answers {page.status}"
    rejected = reject_page(page, build_lines(page.root))
    if rejected and rejected.reason in {"not_found", "blocked", "parked", "closed", "default_page", "login"}:
        return rejected.detail
    if home is not None and canonical_url(page.url) == canonical_url(home.url):
        return "leads back to the home page"
    if home is not None and same_page(page, home):
        return "shows the home page under another address"
    if missing is not None and missing.status < 400:
        if canonical_url(page.url) == canonical_url(missing.url):
            return "leads where paths lead that do not exist"
        if same_page(page, missing):
            return "shows what the site answers to paths that do not exist"
    return None


def same_page(one: Page, other: Page) -> bool:
    """Whether two answers are the same page but for times and addresses: by links, and by text if there are few."""
    links, others = _links(one), _links(other)
    if min(len(links), len(others)) >= MIN_LINKS:
        return len(links & others) >= MIN_LINK_SHARE * len(links | others)
    return len(links ^ others) <= 1 and _words(one) == _words(other)


def _links(page: Page) -> frozenset[str]:
    return frozenset(absolute(page.url, href) for link in page.root.iter("a") if (href := link.get("href")))


def _words(page: Page) -> str:
    """The text of a page without digits and addresses, which error pages fill in."""
    text = "".join(map(str, page.root.itertext()))
    return re.sub(r"[A-Za-z0-9_/.:?=&-]*/[A-Za-z0-9_/.:?=&-]*|[\d\s]+", "", text)


# Front doors: a first page that only leads on, by a script or a frame, to the page people see.

_LOCATION = re.compile(
    r"""(?:window|self|top|document|parent)?\.?\blocation(?:\.href)?\s*=\s*["']([^"'\s<>]{1,300})["']"""
    r"""|location\.(?:replace|assign)\(\s*["']([^"'\s<>]{1,300})["']""",
)
MIN_SPLASH_LINKS = 5
"""Links below which a page is a front door."""


def follow_splash(page: Page) -> str | None:
    """The address on the same host that a page without links of its own leads to, None if it leads nowhere."""
    if sum(1 for link in page.root.iter("a") if link.get("href")) >= MIN_SPLASH_LINKS:
        return None
    scripted = (found[1] or found[2] for found in _LOCATION.finditer(page.text[:50_000]))
    framed = (frame.get("src") or "" for frame in page.root.iter("frame", "iframe"))
    host = urlsplit(page.url).netloc
    for target in (*scripted, *framed):
        url = absolute(page.url, target)
        if url and urlsplit(url).netloc == host and url != page.url:
            return url
    return None


# Whose page an answer is: the site's own, another's, or nobody's (a parked domain, a login, a
# server's first page). Government pages name their owner (《政府网站发展指引》, 国办发〔2017〕47号): SiteName
# and SiteIDCode, whose first six digits are the code of the place, in the head, and the 主办 line
# in the footer.

_OWNER = re.compile(r"(?:主办|主管|版权所有|承办)(?:单位|方)?[:：\s©]{0,6}([^\s,，。;；|<>]{2,40})")
_GOVERNMENT = re.compile(r"([\u4e00-\u9fff]{2,12}?(?:省|市|县|区|旗|州|盟))(?:委|人民政府|政府)")
_CODE = re.compile(r"[1-9]\d{5}")
_TAIL = 6_000


def reject_foreign(page: Page, site: Site | None) -> tuple[str, str] | None:
    """`(reason, sentence)` where `page` is not a page of `site`: `parked`, `login`, `closed`, `default_page`, or
    `foreign` (its marks name another owner); None if it may be. Without `site` only what no site would show."""
    if (found := reject_placeholder(page, build_lines(page.root))) is not None:
        return found.reason, found.detail
    return _foreign(page, site) if site is not None and site.gb_code else None


def _foreign(page: Page, site: Site) -> tuple[str, str] | None:
    if names_site(page, site):
        return None
    stated = _CODE.match(page.meta.get("siteidcode", ""))
    if stated and stated[0][:4] != (site.gb_code or "")[:4]:
        return "foreign", f"the page bears the code {stated[0]} of another place, and never names {site.short}"
    owner = _owner(page)
    if owner:
        return "foreign", f"the page names {owner} as its owner, and never {site.short}"
    return None


def _owner(page: Page) -> str | None:
    """The government or owner that title, SiteName and footer name, None if they name nobody."""
    title = "" if page.title is None else "".join(map(str, page.title.itertext()))
    for text in (page.meta.get("sitename", ""), title):
        if government := _GOVERNMENT.search(text):
            return government[1]
    body = "".join(map(str, page.root.itertext()))[-_TAIL:]
    named = _OWNER.search(body)
    return named[1] if named else None


def names_site(page: Page, site: Site) -> bool:
    """Whether a page anywhere names the place it is taken for: a home page does."""
    return any(name and name in page.text for name in (site.name, site.short, *site.aliases))


MAX_CHANNELS = 3
"""The most channel pages that are searched for sections of their own."""
MIN_MORE_LINKS = 2
MIN_SAME_ITEMS = 0.8


@dataclass(frozen=True)
class Unanswered:
    """Why no page came: `reason` is a word of `spiders/base.py`, `detail` a sentence."""

    reason: str
    detail: str


Fetch = Callable[[PageRequest], Awaitable[Page | Unanswered]]


@dataclass(frozen=True)
class FoundSection:
    """A section that was asked for and is a list: its `name` and `url`, the `platform` of its page, what it lists, and
    whether it has a further page. `kind`, `score` and `why` are those of its name's verdict."""

    name: str
    url: str
    platform: str
    items: tuple[ListItem, ...]
    goes_on: bool
    kind: str
    score: int
    why: str

    def section(self) -> Section:
        """As the registry has it; one found may also vanish again."""
        return Section(self.name, self.url)


@dataclass
class SurveyResult:
    """What a survey found out. `problem` is why there is nothing to crawl, `(reason, sentence)`, else None."""

    homepage: str
    home: Page | None = None
    problem: tuple[str, str] | None = None
    found: list[FoundSection] = field(default_factory=list)
    refused: list[SectionLink] = field(default_factory=list)
    """Links with the reason why they are not sections: of their names, their addresses, or what they answered; those
    of kind `gone` answered that there is nothing."""
    asked: int = 0
    """How many pages were asked for."""


@dataclass(frozen=True)
class Limits:
    """How much a survey may ask for: `sections` it looks for, `requests` it sends at most."""

    sections: int = 8
    requests: int = 20


async def survey_site(
    fetch: Fetch,
    homepage: str,
    site: Site | None,
    now: datetime,
    *,
    known: Sequence[Section] = (),
    limits: Limits | None = None,
) -> SurveyResult:
    """The sections of the site with that home page, and why other links are none.

    Asks for the home page (under the other scheme too, where one gives no page), for a path that does not exist, and
    for the links with the best names; of channels that only hold sections for the sections, one level deep. `site` is
    the registry's row where there is one, `now` (aware) the time of the survey. Sections `known` before are asked for
    first: whether they are lists still. What `fetch` raises goes through.
    """
    walk = _Surveyor(fetch, SurveyResult(homepage), site, now, limits or Limits())
    await walk.home()
    if walk.result.problem is None:
        await walk.sections(known)
    return walk.result


class _Surveyor:
    def __init__(self, fetch: Fetch, result: SurveyResult, site: Site | None, now: datetime, limits: Limits) -> None:
        self.result, self.site, self.now, self.limits = result, site, now, limits
        self._fetch = fetch
        self.missing: Page | None = None
        self.channels = 0
        self.seen = {canonical_url(result.homepage)}

    async def ask(self, wanted: PageRequest) -> Page | Unanswered:
        self.result.asked += 1
        return await self._fetch(wanted)

    async def home(self) -> None:
        """The home page, or why it is none."""
        answer: Page | Unanswered | None = None
        problem: tuple[str, str] | None = None
        for url in (self.result.homepage, other_scheme(self.result.homepage)):
            if url is None or (problem and problem[0] in {"robots", "foreign"}):
                break
            answer = await self.ask(PageRequest(url))
            if isinstance(answer, Page) and answer.status < 400 and (further := follow_splash(answer)):
                answer = await self.ask(PageRequest(further))
            problem = self._home_problem(answer)
            if problem is None:
                assert isinstance(answer, Page)
                self.result.home = answer
                self.result.problem = None
                return
            self.result.problem = self.result.problem or problem

    def _home_problem(self, answer: Page | Unanswered) -> tuple[str, str] | None:
        if isinstance(answer, Unanswered):
            return answer.reason, answer.detail
        if answer.status in BLOCKED_STATUS:
            return "blocked", f"the home page answers {answer.status}: the site refuses this crawler"
        if answer.status >= 400:
            return f"http_{answer.status}", f"the home page answers {answer.status}"
        if (strange := reject_foreign(answer, self.site)) is not None:
            return strange
        if gone := is_gone(answer, None, None):
            return "blocked" if "firewall" in gone else "not_found", gone
        if self.site is not None and self.site.gb_code and not names_site(answer, self.site):
            return "foreign", f"the home page nowhere names {self.site.short}"
        return None

    async def sections(self, known: Sequence[Section]) -> None:
        """Ask for the best links until enough of them are lists."""
        home = self.result.home
        assert home is not None
        answer = await self.ask(PageRequest(missing_url(home.url)))
        self.missing = answer if isinstance(answer, Page) else None
        old = [SectionLink(one.name, one.url, NameRating("known", 110, "is in the registry")) for one in known]
        self.seen |= {canonical_url(one.url) for one in old}
        queue = [*old, *self._worth_asking(home)]
        while queue and len(self.result.found) < self.limits.sections and self.result.asked < self.limits.requests:
            candidate = queue.pop(0)
            below = await self._look_at(candidate)
            queue = sorted([*below, *queue], key=lambda one: -one.verdict.score)
        if not self.result.found:
            self.result.problem = "no_sections", "no link of the home page leads to a list of news or notices"
        self.result.found.sort(key=lambda one: -one.score)

    def _worth_asking(self, page: Page) -> list[SectionLink]:
        """The links of a page that nobody has asked for; the others are noted with their reasons."""
        wanted = []
        for candidate in find_section_links(page, self.site):
            key = canonical_url(candidate.url)
            if key in self.seen:
                continue
            self.seen.add(key)
            if candidate.verdict.wanted:
                wanted.append(candidate)
            else:
                self.result.refused.append(candidate)
        return wanted

    async def _look_at(self, candidate: SectionLink) -> list[SectionLink]:
        """Ask for a link: a list is found, a channel has links of its own to ask for, anything else is refused."""
        page = await self.ask(PageRequest(candidate.url))
        if isinstance(page, Unanswered):
            return self._refuse(candidate, page.detail)
        strange = reject_foreign(page, self.site)
        if strange is not None or (gone := is_gone(page, self.result.home, self.missing)):
            return self._refuse(candidate, strange[1] if strange else str(gone), "gone")
        listing = read_list(page, site=self.site, now=self.now)
        if not listing.items and listing.next is not None and self.result.asked < self.limits.requests:
            answer = await self.ask(listing.next)
            if isinstance(answer, Page):
                listing = read_list(answer, platform=listing.platform, site=self.site, now=self.now)
        channel = listing.next is None and (not listing.items or links_more(page) >= MIN_MORE_LINKS)
        if channel and self.channels < MAX_CHANNELS and candidate.verdict.kind in {"channel", "food", "market", "news"}:
            self.channels += 1
            self._refuse(candidate, "a channel: its sections are searched")
            return [_below(candidate, one) for one in self._worth_asking(page)]
        if not listing.items:
            return self._refuse(candidate, f"lists no articles ({listing.reason or 'no article links'})")
        if not any(self._is_own(item.url) for item in listing.items):
            return self._refuse(candidate, "lists articles of other sites only")
        return self._take(candidate, page, listing)

    def _is_own(self, url: str) -> bool:
        home, host = bare_host(self.result.home.url if self.result.home else ""), bare_host(url)
        return host == home or host.endswith("." + home)

    def _take(self, candidate: SectionLink, page: Page, listing: Listing) -> list[SectionLink]:
        shown = {canonical_url(item.url) for item in listing.items}
        for other in self.result.found:
            known = {canonical_url(item.url) for item in other.items}
            if len(shown & known) >= MIN_SAME_ITEMS * max(len(shown), 1):
                return self._refuse(candidate, f"lists the same articles as {other.name}")
        verdict = candidate.verdict
        self.result.found.append(
            FoundSection(
                candidate.name,
                page.url if canonical_url(page.url) != canonical_url(candidate.url) else candidate.url,
                listing.platform,
                listing.items,
                listing.next is not None,
                verdict.kind,
                verdict.score,
                verdict.why,
            )
        )
        return []

    def _refuse(self, candidate: SectionLink, why: str, kind: str = "rejected") -> list[SectionLink]:
        self.result.refused.append(replace(candidate, verdict=NameRating(kind, 0, why)))
        return []


def _below(channel: SectionLink, one: SectionLink) -> SectionLink:
    """A link of a channel page: what a channel of food or market supervision holds is of its kind."""
    if channel.verdict.kind in {"food", "market"} and one.verdict.score < channel.verdict.score:
        return replace(one, verdict=channel.verdict)
    return one
