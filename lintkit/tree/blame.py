"""Since when lines of a file stand there, from Git's history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from lintkit.tree.work import git


def committed(root: Path, path: str, lines: Mapping[int, str]) -> dict[int, date]:
    """The day (UTC) of the commit that last wrote each line, by number; those that HEAD does not have are absent.

    ``lines`` are texts by number (from 1) of the file as it is now. Blame is asked about HEAD, not about the work
    tree, whose filters would have to be run; a line is found there by its text, the nearest of several.
    """
    output = git(root, "-c", "blame.ignoreRevsFile=", "blame", "--porcelain", "--no-textconv", "HEAD", "--", path)
    known = _blamed(output) if output is not None else {}
    found: dict[int, date] = {}
    for number, text in lines.items():
        places = known.get(text.rstrip("\r\n").removeprefix("\ufeff"), ())
        nearest = min(places, key=lambda place: abs(place[0] - number), default=None)
        if nearest is not None:
            found[number] = nearest[1]
    return found


def _blamed(output: bytes) -> dict[str, list[tuple[int, date]]]:
    """Numbers and days of the lines of a porcelain blame, by their text."""
    days: dict[bytes, date] = {}
    found: dict[str, list[tuple[int, date]]] = {}
    commit, number = b"", 0
    for line in output.split(b"\n"):
        if line.startswith(b"\t"):
            text = line[1:].decode("utf-8", "replace").rstrip("\r").removeprefix("\ufeff")
            if commit in days:
                found.setdefault(text, []).append((number, days[commit]))
        elif line.startswith(b"committer-time "):
            days[commit] = datetime.fromtimestamp(int(line.split()[1]), UTC).date()
        elif line[:1] in b"0123456789abcdef" and len(words := line.split(b" ")) in (3, 4) and len(words[0]) >= 40:
            commit, number = words[0], int(words[2])
    return found
