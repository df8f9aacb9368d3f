"""Generic: pages of no system that is known here.

Fingerprint: none; it is what is left. Articles: no selectors, `parsing/` reads them by labels, national tags and
density. Lists: links of an article's shape or with a date in their row. Paging: `createPageHTML` and 下一页.
A site may set: every selector of a layout.
"""

from __future__ import annotations

from crawler.platforms.base import Platform


class Generic(Platform):
    """What can't be told."""

    name = "generic"
