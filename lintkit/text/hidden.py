"""Secrets in text that is shown: the values of Secrets, ciphertext, keys and passwords, each character as a dot.

What is shown of a file ends in logs that more people read than the file. The text alone is looked at: what is broken, or
in a form nobody expected, is covered too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from lintkit.text.regex import regex

_NAMES: Final = (
    r"(?:password|passwd|passphrase|token|(?:client|shared)[-_]?secret"
    r"|(?:secret|access|private|api|auth|encryption|signing|fernet)[-_]?key|userkey|ansible_become_pass)"
)
_REFERENCE: Final = r"[\"']?(?:<path:|ref\+|\$\{|\$\(|\{\{|vault:)"
"""Where a value begins that says where the secret is: no secret itself."""
_HINT: Final = regex(
    rf"(?i){_NAMES}|\bkind[\"']?:[ \t]*[\"']?\w*Secret|secretGenerator|ENC\[|\$ANSIBLE_VAULT|encryptedData|^sops:|-----BEGIN |://[^/\s]*@|AQ[A-Za-z0-9+/]{{36}}==",
    re.MULTILINE,
)
_ALWAYS: Final = regex(
    r"ENC\[(?P<a>[^\]\n]*)"
    r"|-----BEGIN [A-Z ]*(?:PRIVATE KEY|ENCRYPTED FILE|PGP MESSAGE)-----(?P<b>.*?)(?=-----END|\Z)"
    r"|://[^/\s:@]*:(?P<c>[^/\s@]+)@"
    r"|(?P<d>AQ[A-Za-z0-9+/]{36}==)"
    rf"|(?i:{_NAMES})=(?P<e>[^\s\"',&]+)",
    re.DOTALL,
)
_NAMED: Final = regex(
    rf"(?i)(?<![\w-])(?P<quote>[\"']?)(?:[\w.\[\]-]*[\w.-])?{_NAMES}(?P=quote)[ \t]*:[ \t]+"
    rf"(?P<value>(?!{_REFERENCE})(?:\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*'|[^\s,{{}}\[\]|>&*#'\"](?:(?! #)[^\n,}}\]])*|[|>][^\n]*))"
)
_PAIR: Final = regex(
    rf"(?i)\bname[\"']?:[ \t]*[\"']?[\w.\[\]-]*{_NAMES}[\"']?[ \t]*(?:,|\n)\s*"
    rf"[\"']?value[\"']?:[ \t]*(?P<value>(?!{_REFERENCE})[^\n,}}]+)"
)
_SECRET_NAME: Final = regex(rf"(?i){_NAMES}$")
_PIECE: Final = regex(r"^---", re.MULTILINE)
_SECRET: Final = regex(r"\bkind[\"']?:[ \t]*[\"']?(?:Sealed|Sops)?Secret(?![\w.-])|\bsecretGenerator\b")
_HELD: Final = regex(r"(?<![\w.-])[\"']?(?:data|stringData|encryptedData|literals)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)
_SOPS: Final = regex(r"^sops:", re.MULTILINE)
_VAULT: Final = regex(r"^([ \t]*)\$ANSIBLE_VAULT[^\n]*", re.MULTILINE)
DOT: Final = "\u2022"
_BRACKET: Final = regex(r"[{}\[\]]")
_LINE: Final = regex(r"^(?P<margin>[ \t]*)(?P<key>[\"']?[\w./-]+[\"']?[ \t]*:(?=\s))?.*", re.MULTILINE)
_COMMENT: Final = regex(r"(?<=[^\s:\"'|>]) +#(?: [^\"'\n]*)?$")
_CHARACTER: Final = regex(r"[^\s]")


@lru_cache(maxsize=32)
def masked(text: str) -> str:
    """``text`` with every character of a secret as a dot: no offset changes."""
    if not _HINT.search(text):
        return text
    out: list[str] = []
    at = 0
    for start, end in sorted(_spans(text)):
        if end > at:
            start = max(start, at)
            out += (text[at:start], _CHARACTER.sub(DOT, text[start:end]))
            at = end
    return "".join([*out, text[at:]])


def is_secret_name(name: str) -> bool:
    """Whether a key's name says that its value is a secret."""
    return _SECRET_NAME.search(name) is not None


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _ALWAYS.finditer(text):
        yield match.span(match.lastgroup or 0)
    for match in _NAMED.finditer(text):
        yield match.start("value"), _below(text, match.start(), match.end()) if match["value"][0] in "|>" else match.end()
    for match in _PAIR.finditer(text):
        yield match.span("value")
    for match in _VAULT.finditer(text):
        yield match.end(), _below(text, match.start(), match.end(), beside=True)
    for match in _SOPS.finditer(text):
        yield match.end(), _below(text, match.start(), match.end())
    borders = [0, *(m.start() for m in _PIECE.finditer(text)), len(text)]
    for start, end in pairwise(borders):
        if _SECRET.search(text, start, end):
            for match in _HELD.finditer(text, start, end):
                yield from _held(text, match.start(), match.end(), end)


def _held(text: str, start: int, at: int, end: int) -> Iterator[tuple[int, int]]:
    """What a key holds: in flow style up to its last bracket; in block style the lines that stand deeper, keys apart."""
    line_end = text.find("\n", at)
    first = text[at : line_end if line_end >= 0 else end].strip()
    if first[:1] in ("{", "["):
        depth = 0
        for match in _BRACKET.finditer(text, at, end):
            depth += 1 if match[0] in "{[" else -1
            if depth == 0:
                yield at, match.end()
                return
        yield at, end
        return
    stop = min(_below(text, start, at), end)
    margin = ""
    for line in _LINE.finditer(text, at, stop):
        margin = margin or line["margin"]
        # the keys of the first level are shown: which of them is meant is no secret
        key = line["key"] if line["margin"] == margin else ""
        comment = _COMMENT.search(line[0]) if key else None
        yield line.start() + len(line["margin"]) + len(key or ""), line.start() + comment.start() if comment else line.end()


def _below(text: str, start: int, at: int, *, beside: bool = False) -> int:
    """The end of the lines below the one at ``start`` that stand deeper than it does (or as deep, with ``beside``)."""
    line_start = text.rfind("\n", 0, start) + 1
    line = text[line_start:]
    margin = len(line) - len(line.lstrip(" -\t")) + (0 if beside else 1)
    end = text.find("\n", at)
    while end >= 0:
        following = text.find("\n", end + 1)
        body = text[end + 1 : following if following >= 0 else len(text)]
        if body.strip() and len(body) - len(body.lstrip(" \t")) < margin:
            return end
        if following < 0:
            return len(text)
        end = following
    return len(text)
