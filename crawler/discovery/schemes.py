"""http or https: of some thirty county sites one scheme is dead, and it is not always http."""

from __future__ import annotations


def other_scheme(url: str) -> str | None:
    """`url` with https for http and the other way round; None where it is neither, or names a port (a port speaks one
    scheme)."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in {"http", "https"} or ":" in rest.partition("/")[0].rpartition("]")[2]:
        return None
    return f"{'http' if scheme.lower() == 'https' else 'https'}://{rest}"
