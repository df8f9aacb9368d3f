"""What goes over the wire between a client and a replica site: one request, one reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as a site sees it. `target` is path and query; `headers` have lower-case names."""

    scheme: str
    host: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's fields; of a repeated one the first counts, as in a servlet. Raises UnicodeDecodeError if a
        value is not percent-encoded UTF-8."""
        unquote_to_bytes(urlsplit(self.target).query).decode("utf-8")
        return first_values(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a urlencoded body; of a repeated one the first counts."""
        return first_values(self.body.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Reply:
    """One answer. `validated` ones carry ETag and Last-Modified and become 304 where the client has them already;
    `delay` is how long the site thinks, in seconds; `packed` ones are never gzipped on the way out."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    validated: bool = False
    delay: float = 0.0
    packed: bool = False


def first_values(query: str) -> dict[str, str]:
    """The fields of a urlencoded string, blank ones kept; of a repeated one the first counts."""
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, value)
    return values


def page_key(target: str) -> str:
    """`target` in one form whatever the order of its fields: what a site looks its pages up by. `page=1` is the page
    without a number, and `view=pc` is the same page for wide screens."""
    parts = urlsplit(target)
    ignored = {("page", "1"), ("view", "pc")}
    fields = sorted(field for field in parse_qsl(parts.query, keep_blank_values=True) if field not in ignored)
    return parts.path + "?" + "&".join(f"{name}={value}" for name, value in fields) if fields else parts.path
