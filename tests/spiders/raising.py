"""Loaded as a spider module by a test: the platform Hanweb raises for one page, as a bug of ours would."""

from typing import Any

from crawler.parsing.page import Page
from crawler.platforms.detect import get_platform

BAD_PAGE = "_700001.html"

_hanweb = type(get_platform("hanweb"))
_original = _hanweb.article_fields


def _raise_for_one(self: Any, page: Page) -> Any:
    if page.url.endswith(BAD_PAGE):
        raise ZeroDivisionError("a bug in a platform")
    return _original(self, page)


_hanweb.article_fields = _raise_for_one  # type: ignore[method-assign]
