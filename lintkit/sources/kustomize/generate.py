"""ConfigMaps and Secrets that a kustomization makes of files, literals and env files.

Names carry no content hash here and references to them neither, so both still meet. A Secret's values
stand in ``stringData``, readable: kustomize writes them base64-encoded into ``data``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lintkit.sources.kustomize.fields import add_entries
from lintkit.sources.kustomize.model import Item, Trouble, entry_at, item_of, mappings, strings
from lintkit.text.source import Source
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.compose import embedded
from lintkit.yamldoc.document import Document
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Entry, Mapping, Node, Scalar, Unknown, lookup, text
from lintkit.yamldoc.scalars import TAG_STR
from lintkit.yamldoc.transform import make_mapping, with_entries, with_entry, with_under

_DATA: Final = {"ConfigMap": "data", "Secret": "stringData"}


def generate(reader: Reader, directory: str, root: Mapping, troubles: list[Trouble]) -> list[Item]:
    """The objects of ``configMapGenerator`` and ``secretGenerator`` of the kustomization ``root``, in its order."""
    found: list[Item] = []
    for field, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for entry in mappings(root.get(field)):
            body = _object(reader, directory, entry, kind, root.get("generatorOptions"), troubles)
            found.append(item_of(body, text(entry.get("behavior")) or "create"))
    return found


def absorb(items: list[Item], made: list[Item], troubles: list[Trouble], *, quiet: bool) -> list[Item]:
    """``items`` with generated objects added, merged into or replacing the one of that name, as ``behavior`` says."""
    result = list(items)
    for new in made:
        index = next((i for i, item in enumerate(result) if item.known_as(new.id)), None)
        if new.behavior not in ("merge", "replace"):
            if index is not None:
                message = f"{new.id.kind} {new.id.name} exists already: behavior must be merge or replace"
                troubles.append(Trouble("broken", message, new.body, new.body.doc.source.path))
            else:
                result.append(new)
        elif index is None:
            if not quiet:
                message = f"there is no {new.id.kind} {new.id.name} to {new.behavior}: kustomize stops here"
                troubles.append(Trouble("no-target", message, new.body, new.body.doc.source.path))
        else:
            result[index] = _merged(result[index], new)
    return result


def whole_file(scalar: Scalar) -> bool:
    """Whether a generated value is the whole text of a file."""
    return scalar.doc.host is None and scalar.doc.root is scalar and scalar.end == len(scalar.doc.text)


def yaml_in(reader: Reader, scalar: Scalar) -> Document:
    """The YAML document in a string, whether it stands in a document or is a generated value that is a whole file."""
    if not whole_file(scalar):
        return embed(scalar)
    docs = reader.documents(scalar.doc.source.path)
    return docs[0] if len(docs) == 1 else embedded(Document(scalar.doc.source, 0))


def _merged(old: Item, new: Item) -> Item:
    body = old.body
    for field in ("data", "stringData", "binaryData"):
        above, below = new.body.get(field), old.body.get(field)
        if not isinstance(above, Mapping):
            continue
        if new.behavior == "merge" and isinstance(below, Mapping):
            lower = below
            above = with_entries(above, [e._replace(value=with_under(e.value, lower.get(name))) for name, e in above])
            above = add_entries(below, above) if isinstance(above, Mapping) else above
        body = with_entry(body, entry_at(above, field, above), field)
    return old._replace(body=body)


def _object(reader: Reader, directory: str, entry: Mapping, kind: str, defaults: Node | None, troubles: list[Trouble]) -> Mapping:
    data = Mapping(entry.doc, entry.start, entry.end, tuple(_data(reader, directory, entry, troubles)))
    options = entry.get("options")
    marks = {field: _marks(options, defaults, field) for field in ("labels", "annotations")}
    metadata = make_mapping(entry, (("name", entry.get("name")), ("namespace", entry.get("namespace")), *marks.items()))
    fixed = {
        "apiVersion": Scalar(entry.doc, entry.start, entry.start, "v1", "", TAG_STR),
        "kind": Scalar(entry.doc, entry.start, entry.start, kind, "", TAG_STR),
    }
    kind_of_secret = entry.get("type") if kind == "Secret" else None
    return make_mapping(
        entry,
        (*fixed.items(), ("metadata", metadata), ("type", kind_of_secret), (_DATA[kind], data if data.entries else None)),
    )


def _marks(options: Node | None, defaults: Node | None, field: str) -> Node | None:
    above, below = lookup(options, field), lookup(defaults, field)
    if isinstance(above, Mapping) and isinstance(below, Mapping):
        return add_entries(below, above)
    return above or below


def _data(reader: Reader, directory: str, entry: Mapping, troubles: list[Trouble]) -> Iterator[Entry]:
    # kustomize reads literals, then files, then env files
    for literal in strings(entry.get("literals")):
        yield from _literal(literal, troubles)
    for file in strings(entry.get("files")):
        yield from _file(reader, directory, file, troubles)
    single = entry.get("env")
    for env in [*strings(entry.get("envs")), *([single] if isinstance(single, Scalar) else [])]:
        source = _source(reader, directory, env, env.text, troubles)
        if source is not None:
            yield from _env(source)


def _literal(literal: Scalar, troubles: list[Trouble]) -> Iterator[Entry]:
    name, found, value = literal.text.partition("=")
    if not found or not name:
        message = "a literal must be key=value"
        troubles.append(Trouble("broken", message, literal, literal.doc.source.path))
        return
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    raw = literal.doc.text[literal.start : literal.end]
    at = raw.find("=" + value) + 1
    start, end = (literal.start + at, literal.start + at + len(value)) if at else (literal.start, literal.end)
    key = Scalar(literal.doc, literal.start, start - 1 if at else start, name, "", TAG_STR)
    yield Entry(key, Scalar(literal.doc, start, end, value, "", TAG_STR))


def _file(reader: Reader, directory: str, file: Scalar, troubles: list[Trouble]) -> Iterator[Entry]:
    name, found, path = file.text.partition("=")
    if not found:
        name, path = file.text.rsplit("/", 1)[-1], file.text
    key = Scalar(file.doc, file.start, file.end, name, "", TAG_STR)
    full = join(directory, path)
    if full is not None and reader.exists(full) and reader.source(full) is None:
        yield Entry(key, Unknown(file.doc, file.start, file.end, "a file that is no text"))
        return
    source = _source(reader, directory, file, path, troubles)
    if source is None:
        yield Entry(key, Unknown(file.doc, file.start, file.end, "a file that is not in this tree"))
        return
    doc = Document(source, 0)
    doc.root = value = Scalar(doc, 0, len(source.text), source.text, "|", TAG_STR)
    yield Entry(key, value)


def _source(reader: Reader, directory: str, home: Scalar, path: str, troubles: list[Trouble]) -> Source | None:
    full = join(directory, path)
    source = reader.source(full) if full else None
    if source is None:
        troubles.append(Trouble("missing", f"there is no file {path}", home, home.doc.source.path))
    return source


def _env(source: Source) -> Iterator[Entry]:
    doc = Document(source, 0)
    at = 0
    for line in source.text.split("\n"):
        body = line.rstrip("\r")
        stripped = body.lstrip()
        name, found, value = stripped.partition("=")
        if stripped and not stripped.startswith("#"):
            start = at + len(body) - len(stripped)
            first = start + len(name) + (1 if found else 0)
            yield Entry(
                Scalar(doc, start, start + len(name), name.strip(), "", TAG_STR),
                Scalar(doc, first, first + len(value), value, "", TAG_STR),
            )
        at += len(line) + 1
