"""Whose page an answer is: the site's own, another's, or nobody's (a parked domain, a login, a server's first page).

Government pages name their owner (《政府网站发展指引》, 国办发〔2017〕47号): SiteName and SiteIDCode, whose first six
digits are the code of the place, in the head, and the 主办 line in the footer.
"""

from __future__ import annotations

import re

from crawler.parsing.blocked import nobody
from crawler.parsing.outline import outline_of
from crawler.parsing.page import Page
from crawler.sites.site import Site

_OWNER = re.compile(r"(?:主办|主管|版权所有|承办)(?:单位|方)?[:：\s©]{0,6}([^\s,，。;；|<>]{2,40})")
_GOVERNMENT = re.compile(r"([\u4e00-\u9fff]{2,12}?(?:省|市|县|区|旗|州|盟))(?:委|人民政府|政府)")
_CODE = re.compile(r"[1-9]\d{5}")
_TAIL = 6_000


def stranger(page: Page, site: Site | None) -> tuple[str, str] | None:
    """`(reason, sentence)` where `page` is not a page of `site`: `parked`, `login`, `closed`, `default_page`, or
    `foreign` (its marks name another owner); None where it may be. Without `site` only what no site would show."""
    if (found := nobody(page, outline_of(page.root))) is not None:
        return found
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
    """The government or owner that title, SiteName and footer name, None where they name nobody."""
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
