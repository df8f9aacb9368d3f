"""Atom 1.0 (RFC 4287) and OPML 2.0 of searches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from xml.sax.saxutils import escape, quoteattr

ATOM = "application/atom+xml; charset=utf-8"
OPML = "text/x-opml; charset=utf-8"
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535, *range(55296, 57344)))
"""What XML 1.0 §2.2 does not allow even as a reference."""


@dataclass(frozen=True)
class FeedEntry:
    """One article: `id` is stable for ever, `updated` (aware) moves with each revision; `related` are its reprints."""

    id: str
    title: str
    url: str
    page: str
    updated: datetime
    published: datetime | None
    author: str
    text: str
    related: tuple[str, ...] = ()


def atom(title: str, url: str, page: str, entries: Iterable[FeedEntry], updated: datetime) -> str:
    """The feed of a search: `url` its own address, `page` that of the page for readers. `updated` stands for a feed
    without entries."""
    entries = list(entries)
    newest = max((entry.updated for entry in entries), default=updated)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>{_text(url)}</id>",
        f"<title>{_text(title)}</title>",
        f"<updated>{newest.isoformat()}</updated>",
        f'<link rel="self" type="application/atom+xml" href={_attribute(url)}/>',
        f'<link rel="alternate" type="text/html" href={_attribute(page)}/>',
    ]
    for entry in entries:
        lines += [
            "<entry>",
            f"<id>{_text(entry.id)}</id>",
            f"<title>{_text(entry.title)}</title>",
            f"<updated>{entry.updated.isoformat()}</updated>",
        ]
        if entry.published:
            lines.append(f"<published>{entry.published.isoformat()}</published>")
        lines += [
            f"<author><name>{_text(entry.author)}</name></author>",
            f'<link rel="alternate" href={_attribute(entry.page)}/>',
            f'<link rel="via" href={_attribute(entry.url)}/>',
            *(f'<link rel="related" href={_attribute(other)}/>' for other in entry.related),
            f'<content type="text">{_text(entry.text)}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def opml(title: str, feeds: Iterable[tuple[str, str]]) -> str:
    """The (name, address) of feeds, for a feed reader to subscribe to all at once."""
    outlines = (f'<outline type="rss" text={_attribute(name)} xmlUrl={_attribute(url)}/>' for name, url in feeds)
    head = f"<head><title>{_text(title)}</title></head>"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">{head}<body>{"".join(outlines)}</body></opml>\n'
    )


def entity_tag(body: str) -> str:
    """A strong ETag (RFC 9110 §8.8.3) of `body`."""
    return f'"{sha256(body.encode()).hexdigest()[:32]}"'


def matches_tag(header: str, tag: str) -> bool:
    """Whether an `If-None-Match` header names `tag` (weak comparison, RFC 9110 §13.1.2)."""
    return header.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in header.split(",")}


def _text(text: str) -> str:
    return escape(text.translate(_NOT_XML))


def _attribute(text: str) -> str:
    return quoteattr(text.translate(_NOT_XML))
