"""Which platform built a page, by the page's own marks."""

from __future__ import annotations

from crawler.parsing.page import Page
from crawler.platforms.base import Platform
from crawler.platforms.dedecms import Dedecms
from crawler.platforms.easysite import Easysite
from crawler.platforms.empirecms import Empirecms
from crawler.platforms.epaper import Epaper
from crawler.platforms.eportal import Eportal
from crawler.platforms.founder import Founder
from crawler.platforms.generic import Generic
from crawler.platforms.gkmlpt import Gkmlpt
from crawler.platforms.hanweb import Hanweb
from crawler.platforms.jiangxi import Jiangxi
from crawler.platforms.jpaas import Jpaas
from crawler.platforms.lonsun import Lonsun
from crawler.platforms.nfcms import Nfcms
from crawler.platforms.phpcms import Phpcms
from crawler.platforms.shanghai import Shanghai
from crawler.platforms.trs import Trs, TrsXxgk
from crawler.platforms.trs_irs import TrsIrs
from crawler.platforms.ucap import Ucap
from crawler.platforms.vsb import Vsb
from crawler.platforms.webplus import Webplus
from crawler.platforms.wechat import Wechat

_GENERIC = Generic()
PLATFORMS: tuple[Platform, ...] = (
    Dedecms(), Easysite(), Empirecms(), Eportal(), Epaper(), Founder(), Gkmlpt(), Hanweb(), Jiangxi(), Jpaas(),
    Lonsun(), Nfcms(), Phpcms(), Shanghai(), Trs(), TrsIrs(), TrsXxgk(), Ucap(), Vsb(), Webplus(), Wechat(),
)  # fmt: skip
"""Every platform but the generic one, in no particular order."""
_BY_NAME = {platform.name: platform for platform in (*PLATFORMS, _GENERIC)}

NAMES = frozenset(_BY_NAME)


def detect(page: Page) -> Platform:
    """The platform with the highest score on the page; of equals the one with more marks (not traces); the generic one
    if that is equal too, or if the score is less than two."""
    scores = [(platform.fingerprint(page), platform) for platform in PLATFORMS]
    best = max(score for score, _ in scores)
    if best < 2:
        return _GENERIC
    leaders = [platform for score, platform in scores if score == best]
    if len(leaders) > 1:
        own = [len(platform.marks_of(page).intersection(platform.marks)) for platform in leaders]
        leaders = [platform for platform, marks in zip(leaders, own, strict=True) if marks == max(own)]
    return leaders[0] if len(leaders) == 1 else _GENERIC


def get_platform(name: str) -> Platform:
    """The platform called `name`; raises ValueError for an unknown name."""
    if name not in _BY_NAME:
        raise ValueError(f"unknown platform {name!r}; known: {', '.join(sorted(_BY_NAME))}")
    return _BY_NAME[name]


def detect_by_url(url: str) -> str | None:
    """The name of the only platform with list pages or articles of this form of address, or None."""
    names = {platform.name for platform in PLATFORMS if platform.owns(url)}
    return names.pop() if len(names) == 1 else None
