"""YAML texts made together with what must be read from them: every node's path, span and text, and the plain value."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from lintkit.yamldoc.node import Path

PLAIN = (
    "abc",
    "a b  c",
    "12",
    "0o17",
    "true",
    "~",
    "1.5",
    "é",
    "\U0001f600x",
    "10.0.0.1:6789",
    "http://h/p?q=1",
    "a#b",
    "-x",
    "x'y",
    "-1",
)
PLAIN_VALUES = {"12": 12, "0o17": 15, "true": True, "~": None, "1.5": 1.5, "-1": -1}
QUOTED = (
    "",
    "a",
    "it's",
    'say "x"',
    "yes",
    "a: b",
    "# no comment",
    "\ttab",
    "é\U0001f600",
    "\\",
    "{{ x }}",
    " blank ",
    "*x",
    "&y",
)
LINES = ("x: 1", "# text", "- a", "é\U0001f600", "{{ x }}", "a: 'b", "---", "...", "%d", "key:\tv", "trailing  ", "*a", "&b !c")
WORDS = ("one", "two three", "é", "x: 1", "# four", "{a", "---")


class Expected(NamedTuple):
    """A node that must be found: ``kind`` is key, scalar, alias, mapping or sequence; ``text`` is None for containers."""

    path: Path
    kind: str
    start: int
    end: int
    text: str | None


class Made(NamedTuple):
    """A text, and per document what it holds: its nodes and its value as Helm reads it."""

    text: str
    documents: list[tuple[list[Expected], Any]]


class Writer:
    """Writes one document at offset ``at``; every method returns the end of what it wrote and its value."""

    def __init__(self, random: Random, newline: str, at: int) -> None:
        self.random, self.newline, self.at = random, newline, at
        self.parts: list[str] = []
        self.found: list[Expected] = []
        self.anchors: dict[str, tuple[Any, str | None]] = {}
        self.names = 0
        self.blanks_matter = False

    def put(self, text: str) -> int:
        start = self.at
        self.parts.append(text)
        self.at += len(text)
        return start

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def expect(self, path: Path, kind: str, start: int, end: int, text: str | None = None) -> None:
        self.found.append(Expected(path, kind, start, end, text))

    def line_end(self, *, tabs: bool = True) -> None:
        comment = self.random.choice(("", "", "", " ", "  # note: 'x' &a *b", " #", "\t# - ["))
        self.put((comment if tabs else comment.replace("\t", " ")) + self.newline)
        self.blanks_matter = False

    def noise(self, indent: int) -> None:
        while self.chance(0.25):
            if self.chance(0.5) and not self.blanks_matter:
                self.put(self.random.choice(("", "  ")) + self.newline)
            else:
                self.put(" " * self.random.choice((0, indent)) + "# c: [" + self.newline)
                self.blanks_matter = False

    def name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def anchor(self, share: float = 0.12) -> str:
        return self.name() if self.chance(share) else ""

    def mapping(self, path: Path, indent: int, depth: int, *, inline: bool) -> tuple[int, Any]:
        start, end, value = -1, -1, {}
        for number in range(self.random.randint(1, 3)):
            if number or not inline:
                self.noise(indent)
                self.put(" " * indent)
            merged = [n for n, (v, _) in self.anchors.items() if isinstance(v, dict)]
            if number and merged and self.chance(0.3):
                name = self.random.choice(merged)
                self.put("<<: ")
                start_of = self.put(f"*{name}")
                end = start_of + len(name) + 1
                value.update(self.anchors[name][0])
                self.line_end()
                continue
            key, written = self.key()
            at = self.put(written)
            start = at if start < 0 else start
            self.expect((*path, key), "key", at, self.at, key)
            self.put(":")
            end, value[key] = self.value((*path, key), indent, depth, in_mapping=True)
        self.expect(path, "mapping", start, end)
        return end, value

    def key(self) -> tuple[str, str]:
        name = self.name()
        forms = (
            (name, name),
            (f"{name} é/x", f"{name} é/x"),
            (f"{name}'~", f"'{name}''~'"),
            (f"{name}\t\U0001f600", f'"{name}\\t\U0001f600"'),
        )
        return self.random.choice(forms)

    def sequence(self, path: Path, indent: int, depth: int, *, inline: bool) -> tuple[int, Any]:
        start, end, value = -1, -1, []
        for number in range(self.random.randint(1, 3)):
            if number or not inline:
                self.noise(indent)
                self.put(" " * indent)
            at = self.put("-")
            start = at if start < 0 else start
            end, item = self.value((*path, number), indent, depth, in_mapping=False)
            value.append(item)
        self.expect(path, "sequence", start, end)
        return end, value

    def value(self, path: Path, indent: int, depth: int, *, in_mapping: bool) -> tuple[int, Any]:
        roll = self.random.random()
        if roll < 0.06:
            return self.empty(path)
        if roll < 0.12 and self.anchors:
            self.put(" ")
            end, value = self.alias(path)
            self.line_end()
            return end, value
        if roll < 0.3:
            return self.block_scalar(path, indent)
        if roll < 0.42:
            self.put(" ")
            end, value = self.flow(path, indent, 2)
            self.line_end()
            return end, value
        if roll < 0.7 and depth:
            return self.nested(path, indent, depth - 1, in_mapping=in_mapping)
        self.put(" ")
        end, value = self.scalar(path, flow=False)
        self.line_end()
        return end, value

    def empty(self, path: Path) -> tuple[int, Any]:
        self.expect(path, "scalar", self.at, self.at, "")
        end = self.at
        self.line_end(tabs=False)
        return end, None

    def alias(self, path: Path) -> tuple[int, Any]:
        name = self.random.choice(sorted(self.anchors))
        value, text = self.anchors[name]
        start = self.put(f"*{name}")
        self.expect(path, "alias", start, self.at, text)
        return self.at, value

    def properties(self, tag: str) -> str:
        name = self.anchor()
        if name:
            self.put(f"&{name} ")
        if tag:
            self.put(f"{tag} ")
        return name

    def scalar(self, path: Path, *, flow: bool) -> tuple[int, Any]:
        style = self.random.choice(("plain", "plain", "single", "double", "string"))
        name = self.properties("!!str" if style == "string" else "")
        value: Any
        if style in ("plain", "string"):
            text = self.random.choice(tuple(p for p in PLAIN if not flow or p != "-x"))
            written = text
            value = text if style == "string" else PLAIN_VALUES.get(text, text)
        else:
            text = value = self.random.choice(QUOTED)
            escaped = (
                text.replace("\\", "\\\\")
                .replace('"', '\\"')
                .replace("\t", "\\t")
                .replace("é", self.random.choice(("é", "\\xe9", "\\u00e9")))
            )
            written = f'"{escaped}"' if style == "double" else "'" + text.replace("'", "''") + "'"
        start = self.put(written)
        self.expect(path, "scalar", start, self.at, text)
        if name:
            self.anchors[name] = (value, text)
        return self.at, value

    def block_scalar(self, path: Path, indent: int) -> tuple[int, Any]:
        self.put(" ")
        style, chomp, explicit = self.random.choice("|>"), self.random.choice(("", "-", "+")), self.chance(0.3)
        step = self.random.randint(1, 4)
        name = self.properties("")
        marks = [chomp, str(step) if explicit else ""]
        self.random.shuffle(marks)
        start = self.put(style + "".join(marks))
        self.put(self.random.choice(("", " # about the block")) + self.newline)
        lines = [self.random.choice(LINES if style == "|" else WORDS)]
        for _ in range(self.random.randint(0, 3)):
            lines.append(self.random.choice((*LINES, "", "  deeper") if style == "|" else (*WORDS, "")))
        lines.append("end")
        if explicit and style == "|":
            lines[0] = "  " + lines[0]
        margin = " " * (indent + step)
        for line in lines:
            self.put(margin + line if line else self.random.choice(("", margin)))
            end = self.at
            self.put(self.newline)
        trailing = self.random.randint(0, 2)
        self.put(self.newline * trailing)
        body = "\n".join(lines) if style == "|" else folded(lines)
        value = body + {"": "\n", "-": "", "+": "\n" * (1 + trailing)}[chomp]
        self.blanks_matter = True
        self.expect(path, "scalar", start, end, value)
        if name:
            self.anchors[name] = (value, value)
        return end, value

    def nested(self, path: Path, indent: int, depth: int, *, in_mapping: bool) -> tuple[int, Any]:
        mapping = self.chance(0.6)
        if not in_mapping and self.chance(0.6):  # on the line of the dash
            width = self.random.randint(1, 3)
            self.put(" " * width)
            write = self.mapping if mapping else self.sequence
            return write(path, indent + 1 + width, depth, inline=True)
        name = self.anchor()
        self.put((f" &{name}" if name else "") + self.random.choice(("", "", " !!map" if mapping else " !!seq")))
        self.line_end(tabs=False)
        step = self.random.randint(0 if in_mapping and not mapping else 1, 4)
        end, value = (self.mapping if mapping else self.sequence)(path, indent + step, depth, inline=False)
        if name:
            self.anchors[name] = (value, None)
        return end, value

    def flow(self, path: Path, indent: int, depth: int) -> tuple[int, Any]:
        mapping = self.chance(0.5)
        start = self.put("{" if mapping else "[")
        value: Any = {} if mapping else []
        for number in range(self.random.randint(0, 3)):
            if number:
                self.put(",")
            self.put(
                self.random.choice(("", " ", self.newline + " " * (indent + 1), "  # c ]" + self.newline + " " * (indent + 2)))
                or " "
            )
            if mapping:
                key, written = self.key()
                at = self.put(written)
                self.expect((*path, key), "key", at, self.at, key)
                self.put(":")
                if self.chance(0.1):
                    self.expect((*path, key), "scalar", self.at, self.at, "")
                    value[key] = None
                    self.put(" ")
                    continue
                self.put(" ")
                value[key] = self.flow_value((*path, key), indent, depth)
            else:
                value.append(self.flow_value((*path, number), indent, depth))
        self.put(self.random.choice(("", " ")))
        self.put("}" if mapping else "]")
        self.expect(path, "mapping" if mapping else "sequence", start, self.at)
        return self.at, value

    def flow_value(self, path: Path, indent: int, depth: int) -> Any:
        if depth and self.chance(0.3):
            return self.flow(path, indent, depth - 1)[1]
        if self.anchors and self.chance(0.2):
            value = self.alias(path)[1]
            self.put(" ")
            return value
        return self.scalar(path, flow=True)[1]


def folded(lines: list[str]) -> str:
    """What ``>`` makes of lines that neither begin nor end with a blank."""
    text, empty = lines[0], 0
    for line in lines[1:]:
        if not line:
            empty += 1
            continue
        text += ("\n" * empty or " ") + line
        empty = 0
    return text


@st.composite
def yaml_texts(draw: st.DrawFn) -> Made:
    """Texts of one to three documents, in every style, with comments, anchors, aliases, merge keys and tags."""
    random = Random(draw(st.integers(0, 2**32)))
    newline = draw(st.sampled_from(("\n", "\n", "\r\n")))
    parts: list[str] = []
    documents: list[tuple[list[Expected], Any]] = []
    at = 0
    for number in range(random.randint(1, 3)):
        writer = Writer(random, newline, at)
        if number or random.random() < 0.3:
            writer.put(random.choice(("---", "--- # next", "---  ")) + newline)
        writer.noise(0)
        root = writer.mapping if random.random() < 0.8 else writer.sequence
        value = root((), 0, 3, inline=False)[1]
        if not writer.blanks_matter and random.random() < 0.3:
            writer.put("..." + newline)
        parts += writer.parts
        at = writer.at
        documents.append((writer.found, value))
    return Made("".join(parts), documents)
