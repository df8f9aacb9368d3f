"""Addresses: one canonical form per page, so that the same page is the same document for ever."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = re.compile(r"^(?:utm_\w+|spm|from|isappinstalled|share\w*|timestamp|nsukey|wxfrom)$", re.I)
_INDEX = re.compile(r"/(?:index|default)\.(?:s?html?|jsp|aspx?|php)$", re.I)


def canonical_url(url: str) -> str:
    """`url` without what does not change the page: scheme and host case, `www.`/`m.` twin, default port, fragment,
    tracking parameters, `view=pc`, a trailing `index.html`. An address that is not http(s) is returned as it is."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return url.strip()
    host = re.sub(r"^(?:www|m|wap|3g)\.(?=[^.]+\.[^.]+)", "", parts.hostname.lower().rstrip("."))
    if port and port not in {80, 443}:
        host = f"{host}:{port}"
    path = _INDEX.sub("/", re.sub(r"/{2,}", "/", parts.path) or "/")
    query = urlencode(
        sorted(
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.match(key) and (key, value) != ("view", "pc")
        )
    )
    return urlunsplit(("https", host, path, query, ""))


def article_id(canonical: str) -> str:
    """The `_id` of the article at a canonical URL: 32 hexadecimal digits (BLAKE2b, 128 bits)."""
    return hashlib.blake2b(canonical.encode("utf-8"), digest_size=16).hexdigest()


# http or https: of some thirty county sites one scheme is dead, and it is not always http.


def other_scheme(url: str) -> str | None:
    """`url` with https for http and the other way round; None if it is neither, or names a port (a port speaks one
    scheme)."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in {"http", "https"} or ":" in rest.partition("/")[0].rpartition("]")[2]:
        return None
    return f"{'http' if scheme.lower() == 'https' else 'https'}://{rest}"
