"""Keys as paths below a folder, so that any file tool sees the same layout as in a bucket.

A segment is a name; `%` and what network shares refuse are written `%XX`. Two marks no such name can have: `x%` is
the object `x` beside a folder `x`, and a folder `x%+` holds the rest of a segment too long for one name.
"""

from __future__ import annotations

import re

BESIDE, MORE, TEMPORARY = "%", "%+", "%tmp"
LONGEST = 240

_ODD = re.compile(r'[%<>:"|?*]|^ |[ .]$')
_ESCAPED = re.compile("%([0-9A-F]{2})")


def parts_of(key: str) -> list[str]:
    """The names from the top folder down to the object."""
    return [name for segment in key.split("/") for name in _names(segment)]


def segment_of(name: str) -> str:
    """A segment, or the beginning of one, as it is in the key."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def _names(segment: str) -> list[str]:
    text = _ODD.sub(lambda found: f"%{ord(found[0]):02X}", segment)
    names: list[str] = []
    while len(text.encode()) > LONGEST:
        cut = _cut(text)
        names.append(text[:cut] + MORE)
        text = text[cut:]
    return [*names, text]


def _cut(text: str) -> int:
    """As many characters as fit, no escape torn apart."""
    cut = len(text.encode()[:LONGEST].decode(errors="ignore"))
    for back in (1, 2):
        if text[cut - back] == "%":
            return cut - back
    return cut
