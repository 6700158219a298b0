"""YAML nodes: immutable values that know where they stand.

A node belongs to a document and spans ``[start, end)`` of that document's text. Merging and
projecting make new containers out of existing nodes, so a value keeps its span wherever it goes.
``under`` is the node this one overrides in a lower layer, or None: following it gives the chain of
layers that wrote the same path, the winner first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.yamldoc.scalars import float_name, plain_value, typed_scalar

if TYPE_CHECKING:
    from lintkit.yamldoc.document import Document

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Key: TypeAlias = "str | int"
Path: TypeAlias = "tuple[Key, ...]"

UNSET: Final = object()
"""The value of a scalar that nobody has asked for yet."""

_new: Final = object.__new__


class Node:
    """One value. ``start``/``end`` are offsets in ``doc.text``; ``anchor`` its ``&name``, if any."""

    __slots__ = ("anchor", "doc", "end", "start", "under")

    def __init__(self, doc: Document, start: int, end: int, anchor: str | None = None, under: Node | None = None) -> None:
        self.doc: Final = doc
        self.start: Final = start
        self.end = end
        self.anchor: Final = anchor
        self.under: Final = under


class Scalar(Node):
    """A scalar: ``text`` as YAML reads it, ``style`` one of ``''`` (plain), ``'``, ``"``, ``|``, ``>``."""

    __slots__ = ("_value", "style", "tag", "text")

    def __init__(
        self,
        doc: Document,
        start: int,
        end: int,
        text: str,
        style: str = "",
        tag: str | None = None,
        anchor: str | None = None,
        under: Node | None = None,
    ) -> None:
        self.doc: Final = doc  # type: ignore[misc]
        self.start: Final = start  # type: ignore[misc]
        self.end = end
        self.anchor: Final = anchor  # type: ignore[misc]
        self.under: Final = under  # type: ignore[misc]
        self.text: Final = text
        self.style: Final = style
        self.tag: Final = tag
        self._value: object = UNSET

    @property
    def value(self) -> bool | int | float | str | None:
        """The scalar as Helm and the API server type it."""
        if self._value is UNSET:
            self._value = typed_scalar(self.text, self.style, self.tag)
        return self._value  # type: ignore[return-value]


def quick_scalar(doc: Document, start: int, end: int, text: str, style: str) -> Scalar:
    """``Scalar(doc, start, end, text, style)`` for the composers: a class call costs more than libyaml spends on a scalar."""
    made: Any = _new(Scalar)
    made.doc = doc
    made.start = start
    made.end = end
    made.text = text
    made.style = style
    made.anchor = made.under = made.tag = None
    made._value = UNSET
    return made  # type: ignore[no-any-return]


class Entry(NamedTuple):
    """A key and its value; ``via`` is ``merge`` where a ``<<`` brought it in, else empty."""

    key: Scalar
    value: Node
    via: str = ""


class Mapping(Node):
    """A mapping. ``entries`` keeps document order and every duplicate; looking up takes the last.

    A parsed mapping holds its keys and values as they came (``_pairs``) until somebody looks: most are never looked at.
    ``nulls`` are entries that a null took out of chart values; None while nobody has looked for any.
    ``removed`` says by key what a patch took away, and where the patch says so.
    """

    __slots__ = ("_entries", "_index", "_pairs", "flow", "nulls", "removed")

    def __init__(
        self,
        doc: Document,
        start: int,
        end: int,
        entries: tuple[Entry, ...] | list[Entry],
        *,
        flow: bool = False,
        anchor: str | None = None,
        under: Node | None = None,
    ) -> None:
        self.doc: Final = doc  # type: ignore[misc]
        self.start: Final = start  # type: ignore[misc]
        self.end = end
        self.anchor: Final = anchor  # type: ignore[misc]
        self.under: Final = under  # type: ignore[misc]
        self._entries: tuple[Entry, ...] | None = tuple(entries)
        self._pairs: list[Any] = []
        self.flow: Final = flow
        self.nulls: dict[str, Entry] | None = None
        self.removed: dict[str, Entry] | None = None
        self._index: dict[str, Entry] | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Keys and values in document order."""
        if self._entries is None:
            pairs = self._pairs
            self._entries = tuple(map(Entry, pairs[::2], pairs[1::2]))
            self._pairs = []
        return self._entries

    @property
    def index(self) -> dict[str, Entry]:
        """Entries by key name (the last of duplicates)."""
        if self._index is None:
            self._index = {key_name(e.key): e for e in self.entries}
        return self._index

    def written(self) -> list[Scalar]:
        """The keys that are written here, in order, every duplicate too; merged ones do not count."""
        return self._pairs[::2] if self._entries is None else [e.key for e in self._entries if not e.via]

    def get(self, key: str) -> Node | None:
        """The value of ``key``, None when absent."""
        index = self._index
        entry = (self.index if index is None else index).get(key)
        return None if entry is None else entry.value

    def __contains__(self, key: str) -> bool:
        return key in self.index

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        index = self._index
        return iter((self.index if index is None else index).items())


class Sequence(Node):
    """A sequence of nodes."""

    __slots__ = ("flow", "items")

    def __init__(
        self,
        doc: Document,
        start: int,
        end: int,
        items: tuple[Node, ...] | list[Node],
        *,
        flow: bool = False,
        anchor: str | None = None,
        under: Node | None = None,
    ) -> None:
        self.doc: Final = doc  # type: ignore[misc]
        self.start: Final = start  # type: ignore[misc]
        self.end = end
        self.anchor: Final = anchor  # type: ignore[misc]
        self.under: Final = under  # type: ignore[misc]
        self.items: Final = items
        self.flow: Final = flow


class Unknown(Node):
    """A value that cannot be read here; ``reason`` completes "unknown: ...". No policy speaks because of it."""

    __slots__ = ("reason",)

    def __init__(self, doc: Document, start: int, end: int, reason: str, under: Node | None = None) -> None:
        super().__init__(doc, start, end, None, under)
        self.reason: Final = reason


class Alias(NamedTuple):
    """Where a document uses ``*name``: the span of the use, the node it stands for, and the node made for the use."""

    start: int
    end: int
    target: Node
    node: Node


class Hidden(NamedTuple):
    """An entry that does not count because a merge key (``<<``) brings another of its name.

    ``lost`` is what is written in vain: the entry's key, or an earlier ``<<`` that brought it. ``winner`` is the key
    that counts; ``merge`` the ``<<`` that brings it and ``value`` what that names, both None where a list of mappings is
    merged and an earlier one wins. ``first`` is the first key of the mapping.
    """

    name: str
    lost: Scalar
    winner: Scalar
    merge: Scalar | None
    value: Node | None
    first: Scalar


def key_name(key: Scalar) -> str:
    """The key as it reaches JSON: ``on:`` becomes ``true``, ``0777:`` becomes ``511`` (sigs.k8s.io/yaml)."""
    # a run asks for some ten thousand names: no detour over the node's own value
    value = (key.text if key.style else plain_value(key.text)) if key.tag is None else key.value
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null" if key.text else ""
    return float_name(value) if isinstance(value, float) else str(value)


def child(node: Node | None, key: Key) -> Node | None:
    """The value of a mapping's key or a sequence's item; None when there is none."""
    if isinstance(node, Mapping):
        return node.get(str(key))
    if isinstance(node, Sequence) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def lookup(node: Node | None, *path: Key) -> Node | None:
    """The node at ``path`` below ``node``; None when it does not exist."""
    for key in path:
        if type(node) is Mapping:
            index = node._index
            entry = (node.index if index is None else index).get(key if type(key) is str else str(key))
            if entry is None:
                return None
            node = entry.value
        else:
            node = child(node, key)
            if node is None:
                return None
    return node


def string(node: Node | None) -> str | None:
    """The text of a scalar that is a string; None for anything else."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    return None


def text(node: Node | None) -> str | None:
    """The text of any scalar as written (a version ``1.18`` or ``v1.18``); None for null, containers, unknowns."""
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def boolean(node: Node | None) -> bool | None:
    """A boolean scalar's value, None for anything else."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, bool) else None


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a sequence; empty for anything else."""
    return tuple(node.items) if isinstance(node, Sequence) else ()


def is_null(node: Node | None) -> bool:
    """Whether the node is a null scalar."""
    return isinstance(node, Scalar) and node.value is None
