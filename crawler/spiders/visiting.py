"""One visit to a site: whose it is, its sections, a few of its articles, and the answers they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scrapy.http import Response

from crawler.discovery.identity import stranger
from crawler.discovery.review import Review, review
from crawler.discovery.survey import Survey, Unanswered, survey
from crawler.parsing.page import Page, PageRequest
from crawler.sites.newcomer import recognised
from crawler.sites.registry import Registry
from crawler.sites.site import Site
from crawler.spiders.base import page_of
from crawler.spiders.surveying import Ask

_GIVE = "give --code, and --name where the code is new"


@dataclass
class Visit:
    """What a visit to `url` brings. `site` is the one expected there, None where the page itself is to tell; after
    `work`, `surveyed` and `reviewed` hold what was found, and `answers` every answer by the address asked for and the
    one it came from."""

    url: str
    site: Site | None
    registry: Registry
    now: datetime
    surveyed: Survey | None = None
    reviewed: Review | None = None
    answers: dict[str, Response] = field(default_factory=dict)
    asked: int = 0
    _asked: dict[PageRequest, Page | Unanswered] = field(default_factory=dict)

    async def work(self, ask: Ask) -> None:
        """Ask for the home page, recognise whose it is, and go on to sections and articles."""

        async def fetch(wanted: PageRequest) -> Page | Unanswered:
            if wanted not in self._asked:
                self._asked[wanted] = await self._answer(ask, wanted)
            return self._asked[wanted]

        if self.site is None:
            home = await fetch(PageRequest(self.url))
            self.site = recognised(home, self.registry) if isinstance(home, Page) else None
            if self.site is None and isinstance(home, Page) and home.status == 200 and not stranger(home, None):
                self.surveyed = Survey(
                    self.url, home, ("unknown_site", "nothing on it says whose site it is: " + _GIVE)
                )
                return
        known = self.site.sections if self.site else ()
        self.surveyed = await survey(fetch, self.url, self.site, self.now, known=known)
        if self.site is not None and self.surveyed.problem is None:
            self.reviewed = await review(fetch, self.surveyed, self.site, self.now)

    async def _answer(self, ask: Ask, wanted: PageRequest) -> Page | Unanswered:
        answer = await ask(wanted)
        if not isinstance(answer, Response):
            return Unanswered(answer.reason, answer.detail)
        self.asked += 1
        self.answers[wanted.url] = self.answers[answer.url] = answer
        return page_of(answer, wanted)


def headers_of(answer: Response) -> dict[str, str]:
    """The headers of an answer, names in lower case, of a repeated one the first."""
    names = {name.decode("latin-1").lower(): answer.headers.get(name) for name in answer.headers}
    return {name: value.decode("latin-1") for name, value in names.items() if value is not None}
