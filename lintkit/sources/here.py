"""Which repository URLs are this tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from lintkit.config import Config
from lintkit.sources.argocd.valuefiles import literal_prefix
from lintkit.text.regex import regex
from lintkit.tree.files import Reader
from lintkit.tree.paths import join
from lintkit.yamldoc.node import Mapping, Node, Scalar, items, lookup, text

Local: TypeAlias = "Callable[[str], str | None]"
"""The directory of this tree that holds the repository of a URL; None when it is another repository."""

_URL: Final = regex(r"^(?:https?://|ssh://)?(?:[^@/]+@)?([^/:]+)[:/](.+?)(?:\.git)?/?$")
_ACTION: Final = regex(r"\{\{.*?\}\}")


def local_repositories(reader: Reader, config: Config, deliveries: Iterable[Mapping]) -> Local:
    """Which repository URLs are this tree (prefix ``""``) or a configured checkout; None for the others.

    A URL is this repository when it is a remote of the work tree, or when a path, a values file or a generator of
    an Application or ApplicationSet that names it finds something here.
    """
    mapped = {_normal(url): join("", path) for url, path in config.repositories.items()}
    remotes = {_normal(url) for url in reader.files.remotes}
    found: set[str] = set()
    for body in deliveries:
        for source in _sources(body):
            url = _normal(text(lookup(source, "repoURL")) or "")
            if url and url not in found and url not in remotes and _exists(reader, body, source):
                found.add(url)
        for generator in _git_generators(lookup(body, "spec", "generators")):
            url = _normal(text(lookup(generator, "repoURL")) or "")
            if url and url not in found and url not in remotes and _matches(reader, generator, wide=not remotes):
                found.add(url)

    def local(url: str) -> str | None:
        name = _normal(url)
        if name in mapped:
            path = mapped[name]
            return path if path is not None and reader.is_directory(path) else None
        return "" if name in remotes or name in found else None

    return local


def _sources(body: Mapping) -> Iterator[Node]:
    for spec in (lookup(body, "spec"), lookup(body, "spec", "template", "spec")):
        source = lookup(spec, "source")
        yield from items(lookup(spec, "sources")) if source is None else (source, *items(lookup(spec, "sources")))


def _normal(url: str) -> str:
    match = _URL.match(url.strip())
    return f"{match[1]}/{match[2]}".lower() if match else url.strip().lower()


def _exists(reader: Reader, body: Mapping, source: Node) -> bool:
    """Whether what ``source`` names is in this tree."""
    path, ref = text(lookup(source, "path")), text(lookup(source, "ref"))
    if path:
        if "{{" in path:
            return _made_exists(reader, body, path)
        if (directory := join("", path)) and reader.is_directory(directory):
            return True
    return bool(ref) and any(_file_exists(reader, name) for name in _files_of(body, f"${ref}/"))


def _files_of(body: Mapping, start: str) -> Iterator[str]:
    for source in _sources(body):
        for node in items(lookup(source, "helm", "valueFiles")):
            name = text(node) or ""
            if name.startswith(start):
                yield name[len(start) :]


def _file_exists(reader: Reader, name: str) -> bool:
    if "{{" not in name:
        return reader.exists(name)
    directory = name.partition("{{")[0].rstrip("/")
    return bool(directory) and reader.is_directory(directory)


def _made_exists(reader: Reader, body: Mapping, path: str) -> bool:
    """Whether a path that a template makes is here: what stands before the template, or what an element makes of it."""
    before = path.partition("{{")[0]
    directory = join("", before.rpartition("/")[0]) if "/" in before else ""
    if directory:
        return reader.is_directory(directory)
    if len(_ACTION.findall(path)) != 1:
        return False
    before, _, after = _ACTION.sub("\0", path).partition("\0")
    makes = (join("", before + value + after) for value in _texts(lookup(body, "spec", "generators")))
    return any(bool(made) and reader.is_directory(made or "-") for made in makes)


def _texts(node: Node | None) -> Iterator[str]:
    """Texts in generators that may name a directory."""
    if isinstance(node, Scalar):
        if node.text and len(node.text) < 200 and "://" not in node.text:
            yield node.text
    elif isinstance(node, Mapping):
        for entry in node.entries:
            yield from _texts(entry.value)
    else:
        for item in items(node):
            yield from _texts(item)


def _git_generators(node: Node | None, depth: int = 0) -> Iterator[Mapping]:
    for generator in items(node):
        git = lookup(generator, "git")
        if isinstance(git, Mapping):
            yield git
        for outer in ("matrix", "merge"):
            if depth < 3:
                yield from _git_generators(lookup(generator, outer, "generators"), depth + 1)


def _matches(reader: Reader, generator: Mapping, *, wide: bool) -> bool:
    """Whether a git generator finds something here; ``wide`` also counts patterns that begin with a wildcard."""
    for key in ("directories", "files"):
        for entry in items(generator.get(key)):
            pattern = (text(lookup(entry, "path")) or "").partition("{{")[0].strip("/")
            prefix = literal_prefix(pattern)
            if (prefix and reader.is_directory(prefix)) or (pattern and not prefix and (wide or reader.exists(pattern))):
                return True
    return False
