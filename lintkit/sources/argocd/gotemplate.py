"""Templates of ApplicationSets rendered offline: a small part of Go's text/template, and fasttemplate.

Text that a template keeps stands where the template stands; what an action prints stands at the action.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from lintkit.records import NamedTuple
from lintkit.sources.argocd.expressions import Pipeline, Scope, evaluate, origin, parse
from lintkit.sources.argocd.functions import MAX_TEXT, TemplateError, shown, truth
from lintkit.sources.argocd.params import Opaque, Params, Value, go_text, written_at
from lintkit.text.regex import regex
from lintkit.text.segments import Segment, SegmentMap
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import segment_map
from lintkit.yamldoc.node import Node, Path, Scalar, Unknown
from lintkit.yamldoc.scalars import TAG_STR, plain_value
from lintkit.yamldoc.transform import map_scalars

MAX_STEPS: Final = 100_000
_MAX_DEPTH: Final = 100
_COMMENT: Final = regex(r"\{\{(?:- )?/\*.*?\*/(?: -)?\}\}", re.DOTALL)
_ACTION: Final = regex(r'\{\{(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|[^"`}]|\}(?!\}))*\}\}')
_SHOWN: Final = 80
_UNREAD: Final = "${TEMPLATE_EXPRESSION}"


class Mode(NamedTuple):
    """How an ApplicationSet reads its templates: ``go`` (goTemplate) and ``strict`` (missingkey=error)."""

    go: bool
    strict: bool = False


class Action(NamedTuple):
    """One ``{{ ... }}``: its span in the template, what it says, and whether it trims around itself."""

    start: int
    end: int
    body: str
    trims_before: bool
    trims_after: bool


class Piece(NamedTuple):
    """Rendered text and the span of the template it comes from; ``exact`` when it is the same text.

    ``path`` is where in the parameters the value stands that an action prints as it is; None for anything else.
    ``written`` is the node that holds that value.
    """

    text: str
    start: int
    end: int
    exact: bool
    path: Path | None = None
    written: Scalar | None = None


class _Text(NamedTuple):
    text: str
    start: int


class _Output(NamedTuple):
    pipeline: Pipeline | str
    start: int
    end: int


class _Block(NamedTuple):
    kind: str
    pipeline: Pipeline
    body: tuple[_Part, ...]
    otherwise: tuple[_Part, ...]


_Part: TypeAlias = "_Text | _Output | _Block"


def actions(text: str) -> Iterator[Action]:
    """Every ``{{ ... }}`` of a template in order; an unclosed one raises TemplateError."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        match = _COMMENT.match(text, start) or _ACTION.match(text, start)
        if match is None:
            raise TemplateError("a template expression that never ends")
        at = match.end()
        body = text[start + 2 : at - 2]
        before = body[:1] == "-" and body[1:2].isspace()
        after = body[-1:] == "-" and body[-2:-1].isspace()
        yield Action(start, at, body[before : len(body) - after].strip(), before, after)


@lru_cache(maxsize=1024)
def _compiled(template: str) -> tuple[_Part, ...]:
    flat: list[_Text | Action] = []
    at = 0
    trim = False
    for action in actions(template):
        flat.append(_trimmed(template, at, action.start, trim, action.trims_before))
        flat.append(action)
        at, trim = action.end, action.trims_after
    flat.append(_trimmed(template, at, len(template), trim, False))
    flat.reverse()
    parts, end = _parts(flat, 0)
    if end:
        raise TemplateError(f"a template {end} without its block")
    return parts


def _trimmed(template: str, start: int, end: int, left: bool, right: bool) -> _Text:
    text = template[start:end]
    if left:
        start += len(text) - len(text.lstrip())
        text = text.lstrip()
    return _Text(text.rstrip() if right else text, start)


def _parts(rest: list[_Text | Action], depth: int) -> tuple[tuple[_Part, ...], str]:
    """Parts up to the ``else`` or ``end`` of the block they are in, which is returned with them."""
    if depth > _MAX_DEPTH:
        raise TemplateError("the depth of the template")
    found: list[_Part] = []
    while rest:
        part = rest.pop()
        if isinstance(part, _Text):
            if part.text:
                found.append(part)
            continue
        word, _, after = part.body.partition(" ")
        if part.body.startswith("/*"):
            continue
        if word in ("end", "else"):
            return tuple(found), part.body
        if word in ("if", "with", "range"):
            found.append(_block(word, after, rest, depth))
        elif word in ("define", "template", "block", "break", "continue"):
            raise TemplateError(f"template keyword {word}")
        else:
            found.append(_Output(_readable(part.body), part.start, part.end))
    return tuple(found), ""


def _readable(body: str) -> Pipeline | str:
    # one expression that lintkit cannot read must not spoil the template around it
    try:
        return parse(body)
    except TemplateError as error:
        return str(error)


def _block(kind: str, condition: str, rest: list[_Text | Action], depth: int) -> _Block:
    pipeline = parse(condition)
    body, end = _parts(rest, depth + 1)
    otherwise: tuple[_Part, ...] = ()
    if end.startswith("else"):
        word, _, condition = end[4:].strip().partition(" ")
        if word in ("if", "with"):
            return _Block(kind, pipeline, body, (_block(word, condition, rest, depth + 1),))
        otherwise, end = _parts(rest, depth + 1)
    if end != "end":
        raise TemplateError(f"a template {kind} without its end")
    return _Block(kind, pipeline, body, otherwise)


class _Renderer:
    """Renders one template; counts its steps so that no template runs away."""

    def __init__(self, failed: Callable[[str], str]) -> None:
        self.pieces: list[Piece] = []
        self.failed = failed
        self.steps = 0
        self.size = 0

    def emit(self, text: str, start: int, end: int, exact: bool, path: Path | None = None, written: Scalar | None = None) -> None:
        self.size += len(text)
        if self.size > MAX_TEXT:
            raise TemplateError("the size of the rendered template")
        if text:
            self.pieces.append(Piece(text, start, end, exact, path, written))

    def run(self, parts: tuple[_Part, ...], scope: Scope) -> None:
        for part in parts:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise TemplateError("the length of the template's loops")
            if isinstance(part, _Text):
                self.emit(part.text, part.start, part.start + len(part.text), True)
            elif isinstance(part, _Output):
                self.output(part, scope)
            else:
                self.block(part, scope)

    def output(self, part: _Output, scope: Scope) -> None:
        path: Path | None = None
        try:
            if isinstance(part.pipeline, str):
                raise TemplateError(part.pipeline)
            value = evaluate(part.pipeline.expression, scope)
            text = "" if part.pipeline.names else shown(value)
            path = origin(part.pipeline.expression, scope)
        except TemplateError as error:
            if not isinstance(part.pipeline, str) and part.pipeline.names:
                value, text = Opaque(str(error)), ""
            else:
                value, text = None, self.failed(str(error))
        if isinstance(part.pipeline, Pipeline) and part.pipeline.names:
            _assign(part.pipeline, value, scope, path)
        self.emit(text, part.start, part.end, False, path, written_at(value))

    def block(self, part: _Block, scope: Scope) -> None:
        value = evaluate(part.pipeline.expression, scope)
        path = origin(part.pipeline.expression, scope)
        if part.kind == "range":
            self.loop(part, value, path, scope)
            return
        inner = scope.inner(scope.dot, scope.paths.get("."))
        if part.pipeline.names:
            _assign(part.pipeline, value, inner, path)
        if truth(value):
            self.run(part.body, inner if part.kind == "if" else inner.inner(value, path))
        else:
            self.run(part.otherwise, inner)

    def loop(self, part: _Block, value: Value, path: Path | None, scope: Scope) -> None:
        if not truth(value):
            self.run(part.otherwise, scope.inner(scope.dot, scope.paths.get(".")))
            return
        if isinstance(value, dict):
            pairs: list[tuple[Value, Value]] = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, list):
            pairs = [*enumerate(value)]
        else:
            raise TemplateError("a range over something that is no list")
        names = part.pipeline.names
        for key, item in pairs:
            at = None if path is None else (*path, key if isinstance(key, str | int) else go_text(key))
            inner = scope.inner(item, at)
            inner.variables.update(zip(names, (key, item) if len(names) > 1 else (item,), strict=False))
            inner.paths.update(zip(names, (None, at) if len(names) > 1 else (at,), strict=False))
            self.run(part.body, inner)


def _assign(pipeline: Pipeline, value: Value, scope: Scope, path: Path | None) -> None:
    name = pipeline.names[0]
    if pipeline.declares:
        scope.variables[name] = value
        scope.paths[name] = path
        return
    home = next((m for m in scope.variables.maps if name in m), None)
    if home is None:
        raise TemplateError(f"variable {name} of the template")
    home[name] = value
    for known in scope.paths.maps:
        known.pop(name, None)


def _give_up(reason: str) -> str:
    raise TemplateError(reason)


def _pieces(template: str, params: Params, mode: Mode, failed: Callable[[str], str]) -> list[Piece]:
    renderer = _Renderer(failed)
    if mode.go:
        scope = Scope(params, ChainMap({"$": params}), ChainMap({"$": (), ".": ()}), mode.strict)
        renderer.run(_compiled(template), scope)
        return renderer.pieces
    at = 0
    for start, end in _tags(template):
        renderer.emit(template[at:start], at, start, True)
        value = _fast_value(template[start + 2 : end - 2].strip(), params, failed)
        renderer.emit(value, start, end, False, None, written_at(value))
        at = end
    renderer.emit(template[at:], at, len(template), True)
    return renderer.pieces


def _tags(template: str) -> Iterator[tuple[int, int]]:
    """Spans of ``{{ ... }}`` as fasttemplate sees them."""
    end = 0
    while (start := template.find("{{", end)) >= 0 and (close := template.find("}}", start)) >= 0:
        end = close + 2
        yield start, end


def _fast_value(name: str, params: Params, failed: Callable[[str], str]) -> str:
    value = params.get(name)
    if isinstance(value, str):
        return value
    return failed(value.reason if isinstance(value, Opaque) else f"parameter {name} that is not given")


def render(template: str, params: Params, mode: Mode) -> str:
    """The text a template makes; raises TemplateError when any of it cannot be told here."""
    return "".join(piece.text for piece in _rendered(template, params, mode)) if "{{" in template else template


def _rendered(template: str, params: Params, mode: Mode) -> list[Piece]:
    try:
        return _pieces(template, params, mode, _give_up)
    except RecursionError:
        raise TemplateError("the depth of the template") from None


class Rendered(Scalar):
    """A text that a template has made, and what it is made of."""

    __slots__ = ("pieces",)
    pieces: tuple[Piece, ...]


def render_scalar(scalar: Scalar, params: Params, mode: Mode) -> Node:
    """A templated scalar as Argo CD makes it: always a string, standing where the template stands.

    One that is a parameter and nothing else stands where the parameter is written: that is the line to edit. One
    that cannot be rendered becomes Unknown. ``text`` then differs from what the span holds.
    """
    if "{{" not in scalar.text:
        return scalar
    try:
        pieces = _rendered(scalar.text, params, mode)
    except TemplateError as error:
        start, end = next(_tags(scalar.text), (0, 0))
        shows = f" {scalar.text[start:end]}" if 0 < end - start <= _SHOWN else ""
        return Unknown(scalar.doc, scalar.start, scalar.end, f"template expression{shows}: {error}")
    text = "".join(piece.text for piece in pieces)
    written = pieces[0].written if len(pieces) == 1 else None
    if written is not None and written.text == text:
        return Scalar(written.doc, written.start, written.end, text, written.style, TAG_STR, written.anchor)
    style = scalar.style
    if not style and not isinstance(plain_value(text), str):
        style = "'"
    made = Rendered(scalar.doc, scalar.start, scalar.end, text, style, scalar.tag)
    made.pieces = tuple(pieces)
    return made


def file_map(scalar: Scalar) -> SegmentMap:
    """Where the characters of a scalar's value stand in its file."""
    inner = segment_map(scalar)
    outer = scalar.doc.segments
    return inner if outer is None else inner.compose(outer)


def render_document(scalar: Scalar, where: SegmentMap, params: Params, mode: Mode) -> Document:
    """The YAML document a templated string makes; each node's place is the part of the template it comes from.

    ``where`` is ``file_map(scalar)``. A value that cannot be rendered is Unknown, its neighbours are
    known. A condition that cannot be decided raises TemplateError, for then nobody knows what is there.
    """
    text, made = laid_out(render_text(scalar.text, params, mode))
    mapped = made.compose(where)
    doc = embedded(Document(scalar.doc.source, scalar.doc.number, text=text, segments=mapped, host=scalar))
    return hide_unread(doc)


def render_text(template: str, params: Params, mode: Mode) -> list[Piece]:
    """The text a template makes, piece by piece; for ``hide_unread`` once it is parsed.

    What cannot be rendered is a placeholder. A condition that cannot be decided raises TemplateError.
    """
    try:
        return _pieces(template, params, mode, lambda _: _UNREAD)
    except RecursionError:
        raise TemplateError("the depth of the template") from None


def laid_out(pieces: Sequence[Piece]) -> tuple[str, SegmentMap]:
    """The whole text of rendered pieces, and where each character of it stands in the template."""
    segments: list[Segment] = []
    at = 0
    for piece in pieces:
        segments.append(Segment(at, piece.start, piece.end - piece.start, piece.exact))
        at += len(piece.text)
    return "".join(piece.text for piece in pieces), SegmentMap(tuple(segments), "", "a template makes this text")


def hide_unread(doc: Document) -> Document:
    """``doc`` with every value that ``render_text`` could not render as Unknown."""
    if doc.root is not None and _UNREAD in doc.text:
        doc.root = map_scalars(doc.root, _unread)
    return doc


def _unread(scalar: Scalar) -> Node:
    if _UNREAD not in scalar.text:
        return scalar
    return Unknown(scalar.doc, scalar.start, scalar.end, "template expression")
