"""WeChat official accounts (微信公众号): `mp.weixin.qq.com/s/…`, `/s?__biz=…`, albums `/mp/appmsgalbum?…`.

Fingerprint: the addresses, the ids `activity-name` and `js_profile_qrcode`, the class `rich_media_meta_list`.
Article: `#activity-name`, `#js_content`; the time is in a script (seconds since 1970), since the page shows 前天. The
source is the account, or for a repost (以下文章来源于) the account it comes from. List: the items of an album. Paging:
none without a session.
A site may set: nothing, every account has the same pages.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from crawler.parsing.dates import read_date
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import absolute

_TIME = re.compile(
    r"""(?:\bct|\boriCreateTime|\bcreate_?[tT]ime|\bpublish_time)\s*[=:]\s*(?:JsDecode\(|htmlDecode\()?\s*["']"""
    r"""(\d{10}|\d{4}-\d\d-\d\d \d\d:\d\d)["']"""
)
_ACCOUNT = re.compile(r"""\bnick_?name\s*[=:]\s*(?:htmlDecode|JsDecode)?\(?\s*["']([^"'<>\n]{2,60})["']""")
_REPOST = re.compile(
    r"以下文章来源于\s*[:：]?\s*(?P<account>[^\s,，。]{2,30})\s*(?:[,，]\s*作者\s*[:：]?\s*(?P<author>[^\s,，。]{2,30}))?"
)


class Wechat(Platform):
    """微信公众号."""

    name = "wechat"
    rules = Rules(title=("#activity-name", ".rich_media_title"), body=("#js_content",), author=("#js_author_name",))
    marks: ClassVar[tuple[str, ...]] = (
        'id="activity-name"',
        "js_profile_qrcode",
        "rich_media_meta_list",
        "js_album_item",
    )
    traces: ClassVar[tuple[str, ...]] = ("rich_media_content", "rich_media_area_primary", "appmsgalbum")

    def owns(self, url: str) -> bool:
        """Whether an address is one of an official account."""
        return re.match(r"https?://mp\.weixin\.qq\.com/(?:s[/?]|mp/)", url) is not None

    def article_fields(self, page: Page) -> dict[str, str]:
        """The time and the account of the scripts; for a repost the account and the author it comes from."""
        fields: dict[str, str] = {}
        if time := _TIME.search(page.text):
            fields["published_at"] = time[1]
        if repost := self._repost(page):
            fields["source"] = repost["account"]
            if repost["author"]:
                fields["author"] = repost["author"]
        elif account := self._account(page):
            fields["source"] = account
        return fields

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The articles of an album, newest first as shown."""
        items = []
        for element in page.root.iter("li", "div", "a"):
            link, title = element.get("data-link"), element.get("data-title")
            if not (link and title):
                continue
            times = (" ".join(str(text) for text in node.itertext()).strip() for node in element.iter("span", "div"))
            dates = (read_date(time, now) for time in times if 8 <= len(time) <= 20)
            date = next((reading for reading in dates if reading.value), None)
            items.append(
                ListItem(
                    absolute(page.url, link), title, date.value if date else None, date.precision if date else None
                )
            )
        return items or None

    @staticmethod
    def _repost(page: Page) -> re.Match[str] | None:
        """The notice above a repost."""
        if "以下文章来源于" not in page.text:
            return None
        shown = " ".join(str(text) for text in page.root.itertext("div", "span", "p", "a", "em", "strong"))
        return _REPOST.search(" ".join(shown.split()))

    @staticmethod
    def _account(page: Page) -> str | None:
        for name in ("js_name", "js_profile_name"):
            element = next(iter(page.root.xpath("//*[@id=$id]", id=name)), None)
            text = "" if element is None else " ".join("".join(map(str, element.itertext())).split())
            if text:
                return text
        stated = _ACCOUNT.search(page.text)
        return stated[1].strip() if stated else None
