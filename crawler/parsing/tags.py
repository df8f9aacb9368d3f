"""Pages that can't be parsed in bearable time: libxml2 compares each attribute of a tag with those before it, so that
40,000 of them take twelve seconds, and the 200,000 that fit in a page of a megabyte minutes."""

from __future__ import annotations

import re

MOST_ATTRIBUTES = 20_000
"""Of one tag: they take under two seconds. Real tags have some ten."""
_MOST_READING = 20
"""How often the scan may go over the page in all, before it counts as made to be slow to scan."""
_SEPARATORS = b" \n\t\r\f\v/\"'"
"""Each attribute begins behind one of these."""
# As the HTML standard tokenizes a tag (section 13.2.5, states 32 to 40).
_ATTRIBUTE = rb"""[\s/]*+(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>)))?+"""
_START = re.compile(rb"<[A-Za-z]")
_TAG = re.compile(rb"<[A-Za-z][^\s/>]*+(?:%b)*+" % _ATTRIBUTE)
_ATTRIBUTES = re.compile(_ATTRIBUTE)


def overloaded(html: bytes) -> bool:
    """Whether a tag of a page (in UTF-8) may have more than `MOST_ATTRIBUTES`. What looks like a tag counts as one
    wherever it stands (in a comment, a script, a quoted value): so no page can hide one, and a few odd ones are taken
    for such."""
    if len(html) < 2 * MOST_ATTRIBUTES or len(html) - len(html.translate(None, _SEPARATORS)) <= MOST_ATTRIBUTES:
        return False
    read = 0
    for start in _START.finditer(html):
        tag = _TAG.match(html, start.start())
        assert tag
        size = tag.end() - tag.start()
        read += size
        if read > _MOST_READING * len(html):
            return True
        if size > 2 * MOST_ATTRIBUTES:
            found = sum(1 for _ in _ATTRIBUTES.finditer(html, tag.start(), tag.end()))
            read += size
            if found > MOST_ATTRIBUTES:
                return True
    return False
