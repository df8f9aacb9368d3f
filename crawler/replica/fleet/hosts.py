"""What every host of the fleet answers: pages of seven CMSs over generated articles, made when asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

from crawler.parsing.date_forms import CST
from crawler.replica.cms.dedecms import DedecmsPages
from crawler.replica.cms.lonsun import LonsunPages
from crawler.replica.cms.nfcms import NfcmsPages
from crawler.replica.cms.paged import ListPage, PagedCms, beside
from crawler.replica.cms.phpcms import PhpcmsPages
from crawler.replica.cms.site import SiteColumn
from crawler.replica.cms.trs import TrsPages
from crawler.replica.cms.ucap import UcapPages
from crawler.replica.cms.vsb import VsbPages
from crawler.replica.content import ReplicaArticle, SiteChannel
from crawler.replica.exchange import page_key
from crawler.replica.fleet import words
from crawler.sites.site import Site

PER_PAGE = 20
FAULTS = ("refused", "reset", "hang", "error", "redirect", "pager", "calendar", "trickle")
"""How a host may fail. `refused`: nobody listens (a test sees to it, this server closes like `reset`); `reset`: closes
without an answer; `hang`: never answers; `error`: 500 always; `redirect`: always redirects once more; `pager`: every
list page names a next one, with the same articles again; `calendar`: the same, with ever new articles; `trickle`: a
byte a second."""
_FIRST = 1_000_000
_NUMBER = re.compile(r"(\d{7})\D*$")
_PAGE = re.compile(r"[?&]PAGENUM=(\d+)")


_KINDS: dict[str, PagedCms] = {
    kind.name: kind(PER_PAGE)
    for kind in (TrsPages, UcapPages, VsbPages, PhpcmsPages, DedecmsPages, LonsunPages, NfcmsPages)
}
_ADDRESSES = {
    "trs": "{folder}/{date:%Y%m}/t{date:%Y%m%d}_{number}.html",
    "ucap": "{folder}/{date:%Y%m}/{key:.25}{number}.shtml",
    "vsb": "/info/1021/{number}.htm",
    "phpcms": "/index.php?m=content&c=index&a=show&catid=22&id={number}",
    "dedecms": "/a/xinwen/{date:%Y%m%d}/{number}.html",
    "lonsun": "/content/detail/{key:.9}{number}.html",
    "nfcms": "{folder}/content/post_{number}.html",
}


@dataclass
class Host:
    """One site of the fleet: its row, the CMS it is built by, how many articles it has, not younger than `newest`, and
    how it fails, if so."""

    site: Site
    kind: str
    articles: int
    newest: datetime
    fault: str | None = None
    padding: str = ""
    name: str = ""
    channel: SiteChannel = field(init=False)
    column: SiteColumn = field(init=False)
    lists: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        url = urlsplit(self.site.sections[0].url if self.site.sections else self.site.homepage)
        self.name = url.hostname or ""
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        if not self.site.sections:
            path = "/xwzx/zwyw/index.html"
        name = self.site.sections[0].name if self.site.sections else f"{self.site.short}要闻"
        table: dict[str, Any] = {"name": name, "path": path, "id": "22", "origin": f"{url.scheme}://{self.name}"}
        charset = "gb18030" if self.kind == "dedecms" else "utf-8"
        self.channel = SiteChannel(
            site=self.site.code,
            host=self.name,
            scheme=url.scheme,
            cms=self.kind,
            name=f"{self.site.name}人民政府",
            sections={"news": table},
            articles=(),
            broken_links=(),
            charset=charset,
            meta_charset="gb2312" if self.kind == "dedecms" else "utf-8",
            header_charset="" if self.kind == "dedecms" else "utf-8",
        )
        self.column = SiteColumn(table, [])
        numbers = range(self.cms.pages_of(self.articles), 0, -1)
        self.lists = {page_key(self.cms.page_path(self.column, number)): number for number in numbers}

    @property
    def cms(self) -> PagedCms:
        """The maker of its pages."""
        return _KINDS[self.kind]

    def article(self, index: int) -> ReplicaArticle:
        """Its article of that index, 0 the newest; the same at every call."""
        random = Random(f"{self.name} {index}")
        date = self.newest - timedelta(hours=7 * index, minutes=random.randint(0, 59))
        key = hashlib.md5(self.name.encode(), usedforsecurity=False).hexdigest()
        folder = beside(self.column.table["path"], "")[:-1]
        path = _ADDRESSES[self.kind].format(folder=folder, date=date, number=_FIRST + index, key=key)
        return ReplicaArticle(
            site=self.site.code,
            host=self.name,
            scheme=self.channel.scheme,
            section="news",
            path=path,
            title=words.title(random, index),
            published_at=date,
            source=words.office(random),
            editor=words.person(random),
            paragraphs=words.paragraphs(random, random.randint(3, 5)),
        )

    def page(self, target: str) -> bytes | None:
        """The page at `target` (path and query), in the site's encoding; None if there is none."""
        key = page_key(target)
        if (number := self.lists.get(key) or self._endless(target)) is not None:
            markup = self._list(number)
        elif key in {"/", "/index.html"}:
            markup = self.cms.home_page(self.channel, [self.column])
        elif (article := self._asked(target)) is not None:
            markup = self.cms.article(self.channel, article)
        else:
            return None
        if self.padding:
            markup = markup.replace("</head>", f"{self.padding}</head>", 1).replace(
                "</HEAD>", f"{self.padding}</HEAD>", 1
            )
        return markup.encode(self.channel.charset)

    def _endless(self, target: str) -> int | None:
        found = _PAGE.search(target) if self.fault in {"pager", "calendar"} else None
        return int(found[1]) if found else None

    def _asked(self, target: str) -> ReplicaArticle | None:
        found = _NUMBER.search(target)
        index = int(found[1]) - _FIRST if found else -1
        if index < 0 or (index >= self.articles and self.fault != "calendar"):
            return None
        article = self.article(index)
        # As web servers do it: /jrwy//x.html and /jrwy/x.html are one page.
        return article if _merged(article.path) == _merged(target) else None

    def _list(self, number: int) -> str:
        endless = self.fault in {"pager", "calendar"}
        shown = 1 if self.fault == "pager" else number
        last = shown * PER_PAGE if self.fault == "calendar" else min(shown * PER_PAGE, self.articles)
        entries = [self.article(index) for index in range((shown - 1) * PER_PAGE, last)]
        count = number + 1 if endless else self.cms.pages_of(self.articles)
        return self.cms.list_page(self.channel, self.column, ListPage(entries, number, count, self.articles))


def _merged(path: str) -> str:
    return re.sub("/{2,}", "/", path)


class Fleet:
    """`count` sites of the registry with `articles` each. The first of them fail as `faults` says, one fault a site.

    Rows with a list page come first, then rows with a home page only. `padding_kb` makes each page that much longer.
    The articles are from the days before `newest`, the full hour that has passed: sites of last year would be judged
    as sites that have fallen silent.
    Raises ValueError if the registry has not so many rows, or a fault has no such name."""

    def __init__(
        self,
        count: int,
        articles: int = 20,
        faults: Sequence[str] = (),
        *,
        padding_kb: int = 0,
        newest: datetime | None = None,
        sites: Iterable[Site] | None = None,
    ) -> None:
        rows = _rows(sites)
        if unknown := sorted(set(faults) - set(FAULTS)):
            raise ValueError(f"no fault is called {', '.join(unknown)}; there are {', '.join(FAULTS)}")
        if not len(faults) <= count <= len(rows):
            raise ValueError(f"a fleet has at least a site a fault and at most {len(rows)}; {count} were asked for")
        kinds, padding = list(_KINDS), _padding(padding_kb)
        newest = newest or datetime.now(CST).replace(minute=0, second=0, microsecond=0)
        bad = dict(enumerate(faults))
        self.hosts: dict[str, Host] = {}
        for place, site in enumerate(rows[:count]):
            fault = bad.get(place)
            kind = "vsb" if fault in {"pager", "calendar"} else kinds[place % len(kinds)]
            if site.platform in kinds and not fault:
                kind = site.platform
            host = Host(site, kind, articles, newest, fault, padding)
            self.hosts[host.name] = host

    def good(self) -> list[Host]:
        """The hosts that work."""
        return [host for host in self.hosts.values() if host.fault is None]

    def bad(self) -> list[Host]:
        """The hosts that fail."""
        return [host for host in self.hosts.values() if host.fault is not None]

    def refusing(self) -> list[str]:
        """The names of the hosts where nobody listens."""
        return [host.name for host in self.hosts.values() if host.fault == "refused"]

    def codes(self) -> list[str]:
        """The codes of its sites: the argument `site` of a crawl."""
        return [host.site.code for host in self.hosts.values()]


def _rows(sites: Iterable[Site] | None) -> list[Site]:
    if sites is None:
        from crawler.sites.registry import load

        sites = load()
    rows = [site for site in sites if site.homepage and site.kind != "portal"]
    # A site whose list is its home page, or with selectors of its own, has no page like the others'.
    plain = [
        site
        for site in rows
        if not site.layouts and not any(s.url.rstrip("/") == site.homepage.rstrip("/") for s in site.sections)
    ]
    own: dict[str, Site] = {}
    for site in sorted(plain, key=lambda site: (not site.sections, site.kind != "county")):
        url = site.sections[0].url if site.sections else site.homepage
        own.setdefault((urlsplit(url).hostname or "").removeprefix("www."), site)
    return list(own.values())


def _padding(kilobytes: int) -> str:
    """A script as long as those that government sites carry in every page."""
    line = "var menu{0}={{'id':{0},'title':'column {0}','target':'_blank','icon':'/images/{0}.png'}};\n"
    lines = "".join(line.format(number) for number in range(kilobytes * 1024 // 80))
    return f"<script>\n{lines}</script>\n" if lines else ""
