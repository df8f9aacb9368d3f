"""One page to one article: the platform is recognised, its rules stacked on the site's; `parsing/` does the rest."""

from __future__ import annotations

from datetime import datetime

from crawler.items import Article
from crawler.parsing.article import Given, Refusal, extract
from crawler.parsing.page import Page
from crawler.parsing.parts import join_parts, next_part
from crawler.parsing.tags import MOST_ATTRIBUTES
from crawler.platforms.detect import by_name, detect
from crawler.sites.site import Site

__all__ = ["TOO_LARGE", "Refusal", "join_parts", "next_part", "read_article"]

TOO_LARGE = 10_000_000
"""Characters of markup beyond which a page is no article a person wrote."""


def read_article(page: Page, *, site: Site | None = None, now: datetime) -> Article | Refusal:
    """The article of `page`, or why it holds none; never raises on a page's content.

    Rules are tried in this order: the site's own layout (`override`), the platform's (`platform:NAME`), the visible
    header by its labels (`label`), the national meta tags (`meta`), the generic ones (`generic`). A page without marks
    is taken for one of the platform its site is known for. `now` is an aware date-time: when the page was fetched.
    `canonical_url`, `site`, `section`, `run` and hashes are left to others.
    """
    if len(page.text) > TOO_LARGE:
        return Refusal("too_large", f"the page has {len(page.text):,} characters, more than {TOO_LARGE:,}")
    if page.overloaded:
        return Refusal("too_large", f"a tag of the page has more than {MOST_ATTRIBUTES:,} attributes")
    platform = detect(page)
    if platform.name == "generic" and site is not None and site.platform:
        platform = by_name(site.platform)
    rule = f"platform:{platform.name}"
    layers = [(rule, platform.rules)]
    own = site.rules_for(page.url) if site else None
    if own is not None:
        layers.insert(0, ("override", own))
    result = extract(page, layers, now, Given(rule, platform.article_fields(page)))
    if isinstance(result, Article):
        result.platform = platform.name
    return result
