"""One look at a text: which traps it may hold, so that the others need no walk."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex

# invisible characters, letters that look like Latin ones, and accents that stand by themselves
INVISIBLE: Final = (
    "\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u2000-\u200f"
    "\u202a-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_CYRILLIC: Final = dict(zip("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅԌԚԜ", "aeopcyxijshdqwABEKMHOPCTYXIJSGQW", strict=True))
_GREEK: Final = dict(zip("οανΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oavABEZHIKMNOPTYX", strict=True))
LATIN: Final = {**_CYRILLIC, **_GREEK}
"""Letters of other scripts, and the Latin letter that each looks like."""

_ODD: Final = regex(f"[{INVISIBLE}{''.join(LATIN)}\u0300-\u036f]")
_END: Final = r"[ \t]*(?:[\r\n,}\]#]|\Z)"
# both begin with a literal, which the engine looks for much faster than for a choice
_CHANGED: Final = regex(
    r": (?=[yYnNoOTF0-9.+ -])[ \t]*(?:[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|True|TRUE|False|FALSE"
    r"|[-+]?0[0-9oObBxX_][0-9a-fA-F_]*|[-+]?[0-9]+_[0-9_.]+|[-+]?[0-9]*\.[0-9_]*0|[-+]?[0-9]+\."
    r"|[-+]?[0-9.]+[eE][-+]?[0-9]+)" + _END
)
_LARGE: Final = (re.compile(": +[-+]?[0-9][0-9_]{15}"), re.compile("- +[-+]?[0-9][0-9_]{15}"))


class Look(NamedTuple):
    """Whether a text holds odd characters, plain scalars that arrive in other characters, numbers of many digits."""

    odd: bool
    changed: bool
    large: bool


@lru_cache(maxsize=16)
def look(text: str) -> Look:
    """What ``text`` may hold; asked once for all documents of a file."""
    odd = not text.isascii() and _ODD.search(text) is not None
    return Look(odd, _CHANGED.search(text) is not None, any(pattern.search(text) for pattern in _LARGE))
