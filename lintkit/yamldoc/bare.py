"""Documents without anchors, aliases, tags and merge keys, which is nearly every document: the fast way to nodes.

libyaml composes a tree in C and this module turns it into nodes. Documents that are not bare, and those
that are broken, are composed by ``events``, slower and with every detail; the two agree on the rest.
"""

from __future__ import annotations

import gc
import operator
from typing import Any, Final

import yaml
from yaml._yaml import CParser

from lintkit.yamldoc.document import Document
from lintkit.yamldoc.layout import block_end, empty_value_at
from lintkit.yamldoc.node import UNSET, Mapping, Node, Scalar, Sequence

_DEEP: Final = 100
_LIMIT: Final = 300
_BRACKETS: Final = 1000

# no other way makes an object as cheaply: a class call costs more than the C parser spends on the same scalar
_new: Final = object.__new__


class NotBareError(Exception):
    """The document has something that only ``events`` can compose or name."""


class _Lean(CParser):
    """libyaml's composer with tag resolution left out: nobody reads the tags, and the calls cost a third."""

    # builtins that do nothing useful, because they are called for every node and a Python function costs more
    descend_resolver = operator.is_
    ascend_resolver = gc.isenabled

    def resolve(self, kind: object, value: object, implicit: object) -> None:
        """No tag: scalars are typed by ``scalars``, when somebody asks."""


def takes(text: str) -> bool:
    """Whether ``compose`` is worth trying, and safe.

    Safe: nothing in ``text`` can nest deep enough to exhaust the stack of libyaml's composer. Flow nests by
    brackets. Blocks nest by columns: two levels a column at most, and on a long line only through a chain of
    ``-`` and ``?`` behind its indentation.
    """
    if "&" in text and (": &" in text or "- &" in text):
        return False  # an anchor: events would have to do all of it again
    length = len(text)
    if length <= _LIMIT:
        return True
    if text.count("[") + text.count("{") > _BRACKETS:
        return False
    at = 0
    while length - at > _LIMIT:
        line_end = text.rfind("\n", at, at + _LIMIT)
        if line_end < 0:
            line_end = text.find("\n", at)
            line_end = length if line_end < 0 else line_end
            if text.count("-", at, line_end) + text.count("?", at, line_end) > _LIMIT or not text[at : at + _LIMIT].strip():
                return False
        at = line_end + 1
    return True


def compose(doc: Document, text: str, base: int) -> Node | None:
    """The root node of ``text``, which starts at ``base`` of ``doc.text``; None when it holds no document.

    Raises NotBareError, yaml.YAMLError and UnicodeEncodeError; ``events`` then takes the document or says what is wrong.
    """
    parser: Any = _Lean(text)
    if not parser.check_node():
        return None
    root = _node(doc, parser.get_node(), base, 0)
    if parser.check_node():
        raise NotBareError
    return root


def _node(doc: Document, raw: Any, base: int, depth: int) -> Node:
    kind = type(raw)
    if kind is yaml.ScalarNode:
        return _scalar(doc, raw, base)
    if depth >= _DEEP:
        raise NotBareError
    return _mapping(doc, raw, base, depth + 1) if kind is yaml.MappingNode else _sequence(doc, raw, base, depth + 1)


def _scalar(doc: Document, raw: Any, base: int) -> Scalar:
    made: Any = _new(Scalar)
    made.doc = doc
    made.start = start = base + raw.start_mark.index
    made.end = end = base + raw.end_mark.index
    made.text = text = raw.value
    made.style = raw.style
    made.anchor = made.under = made.tag = None
    made._value = UNSET
    if start < end:
        first = doc.text[start]
        if first in "|>&!<":
            if first in "|>":
                made.end = block_end(doc.text, start, end, text)
            elif first != "<" or text == "<<":
                raise NotBareError  # an alias needs no look of its own: its anchor is in the document as well
    return made  # type: ignore[no-any-return]


def _mapping(doc: Document, raw: Any, base: int, depth: int) -> Mapping:
    made: Any = _new(Mapping)
    made.doc = doc
    made.start = start = base + raw.start_mark.index
    if doc.text[start] in "&!":
        raise NotBareError
    pairs: list[Any] = []
    add, scalar_node = pairs.append, yaml.ScalarNode
    for raw_key, raw_value in raw.value:
        if type(raw_key) is not scalar_node:
            raise NotBareError
        key: Any = _scalar(doc, raw_key, base)
        add(key)
        if type(raw_value) is scalar_node:
            value: Any = _scalar(doc, raw_value, base)
            if not value.text and not value.style:
                value.start = value.end = empty_value_at(doc.text, key.end, value.start)
            add(value)
        else:
            add(_node(doc, raw_value, base, depth))
    made.flow = flow = raw.flow_style
    if pairs and (not flow or doc.text[start] != "{"):  # flow without a brace: one pair in a sequence, [a: b]
        made.end = max(key.end, pairs[-1].end)
        if not flow:
            made.start = pairs[0].start
    else:
        made.end = base + raw.end_mark.index if flow else start
    made._pairs = pairs
    made.anchor = made.under = made._entries = made._index = None
    made.nulls = made.removed = None
    return made  # type: ignore[no-any-return]


def _sequence(doc: Document, raw: Any, base: int, depth: int) -> Sequence:
    made: Any = _new(Sequence)
    made.doc = doc
    made.start = start = base + raw.start_mark.index
    if doc.text[start] in "&!":
        raise NotBareError
    made.items = found = tuple([_node(doc, item, base, depth) for item in raw.value])
    made.flow = flow = raw.flow_style
    made.end = base + raw.end_mark.index if flow else found[-1].end if found else start
    made.anchor = made.under = None
    return made  # type: ignore[no-any-return]
