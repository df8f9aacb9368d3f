"""The small world the replica serves: which host is built by which CMS, and what day it is."""

from __future__ import annotations

from collections.abc import Callable

from crawler.replica.cms import hanweb, portal_new, portal_old
from crawler.replica.cms.dedecms import DedecmsPages
from crawler.replica.cms.easysite import EasysitePages
from crawler.replica.cms.eportal import EportalPages
from crawler.replica.cms.jiangxi import JiangxiPages
from crawler.replica.cms.lonsun import LonsunPages
from crawler.replica.cms.nfcms import NfcmsPages
from crawler.replica.cms.phpcms import PhpcmsPages
from crawler.replica.cms.site import Pages
from crawler.replica.cms.trs import TrsPages
from crawler.replica.cms.trs_irs import TrsIrsPages
from crawler.replica.cms.ucap import UcapPages
from crawler.replica.cms.vsb import VsbPages
from crawler.replica.content import SiteChannel, channels
from crawler.replica.exchange import Reply, Request, page_key

BUILDERS: dict[str, Callable[[SiteChannel, int], Pages]] = {
    "portal_old": portal_old.build,
    "portal_new": portal_new.build,
    "hanweb": hanweb.build,
    "dedecms": DedecmsPages().build,
    "easysite": EasysitePages().build,
    "eportal": EportalPages().build,
    "jiangxi": JiangxiPages().build,
    "lonsun": LonsunPages().build,
    "nfcms": NfcmsPages().build,
    "phpcms": PhpcmsPages().build,
    "trs": TrsPages().build,
    "trs_irs": TrsIrsPages().build,
    "ucap": UcapPages().build,
    "vsb": VsbPages().build,
}
NOT_FOUND = "<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>"


class Sites:
    """All sites on one `day`, built when a host is first asked for."""

    def __init__(self) -> None:
        self.day = 1
        self._built: dict[tuple[str, int], Pages] = {}

    def hosts(self) -> list[str]:
        """The host names the replica answers for."""
        return sorted({channel.host for channel in channels()})

    def answer(self, request: Request) -> Reply:
        """The reply of the host asked for; 502 if it is none of ours, as a proxy says it."""
        host = request.host if request.host in self.hosts() else f"www.{request.host}"
        if host not in self.hosts():
            return Reply(f"unknown host {request.host}".encode(), 502, "text/plain; charset=utf-8")
        if moved := _moved(request, host):
            return Reply(status=301, headers=(("Location", moved),))
        pages = self._pages(host)
        page = pages.get(page_key(request.target)) or pages.get(request.path)
        if page is None:
            return Reply(NOT_FOUND.encode(), status=404)
        return page(request) if callable(page) else page

    def _pages(self, host: str) -> Pages:
        built = self._built.get((host, self.day))
        if built is None:
            mine = [channel for channel in channels() if channel.host == host]
            built = {"/robots.txt": _robots(mine)}
            for channel in mine:
                built |= BUILDERS[channel.cms](channel, self.day)
            self._built[host, self.day] = built
        return built


def _moved(request: Request, host: str) -> str | None:
    """The one address of a site that has only one, where it was asked for by another scheme or name; else None."""
    one = next((channel for channel in channels() if channel.host == host and channel.redirects), None)
    if one is None or (request.scheme, request.host) == (one.scheme, one.host):
        return None
    return f"{one.scheme}://{one.host}{request.target}"


def _robots(mine: list[SiteChannel]) -> Reply:
    rules = [f"Disallow: {path}" for channel in mine for path in channel.robots]
    text = "\n".join(["User-agent: *", *(rules or ["Disallow:"]), ""])
    return Reply(text.encode(), content_type="text/plain; charset=utf-8")
