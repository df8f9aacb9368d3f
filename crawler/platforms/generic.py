"""Generic: pages of no known product.

Fingerprint: none; it is the default. Articles: no selectors, `parsing/` reads them by labels, national tags and
density. Lists: links of an article's shape or with a date in their row. Paging: `createPageHTML` and 下一页.
A site may set: every selector of a layout.
"""

from __future__ import annotations

from crawler.platforms.base import Platform


class Generic(Platform):
    """A page of no known product."""

    name = "generic"
