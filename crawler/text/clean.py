"""Plain text as people read it: no invisible characters, one paragraph a line, no page furniture."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BREAKS = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")


def clean_line(text: str) -> str | None:
    """A title, a name: one line, spaces collapsed; None where nothing is left."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return _SPACES.sub(" ", _BREAKS.sub(" ", text)).strip() or None


def clean_text(text: str) -> str:
    """A body: one paragraph a line, empty lines out."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    lines = (_SPACES.sub(" ", line).strip() for line in _BREAKS.split(text))
    return "\n".join(line for line in lines if line)
