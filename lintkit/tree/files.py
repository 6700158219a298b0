"""The files of one tree, read and parsed once, and readers that record what a result rests on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from lintkit.text.source import Source
from lintkit.tree.globs import glob_regex
from lintkit.tree.paths import parent
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document

__all__ = ["Files", "Reader", "glob_regex"]


class Files:
    """Every file of a tree by path. ``load`` returns a file's text, or None when it cannot be read as text.

    Files named in ``same`` are those of ``twin``, another state of the same tree: read and parsed once for both.
    """

    def __init__(
        self,
        paths: Iterable[str],
        load: Callable[[str], str | None],
        remotes: Iterable[str] = (),
        *,
        twin: Files | None = None,
        same: frozenset[str] = frozenset(),
    ) -> None:
        self.paths: tuple[str, ...] = tuple(sorted(paths))
        self._twin = twin
        self.same = same
        self._known = frozenset(self.paths)
        self._load = load
        self.remotes: tuple[str, ...] = tuple(remotes)
        self._sources: dict[str, Source | None] = {}
        self._documents: dict[str, tuple[Document, ...]] = {}
        self._children: dict[str, set[str]] | None = None

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def source(self, path: str) -> Source | None:
        """The text of a file; None when there is no such file or it is no text."""
        if path not in self._known:
            return None
        if path in self.same and self._twin is not None:
            return self._twin.source(path)
        if path not in self._sources:
            text = self._load(path)
            self._sources[path] = None if text is None else Source(path, text)
        return self._sources[path]

    def documents(self, path: str) -> tuple[Document, ...]:
        """The YAML documents of a file, parsed once; empty when there is no such file."""
        found = self._documents.get(path)
        if found is None:
            if path in self.same and self._twin is not None:
                found = self._twin.documents(path)
            else:
                source = self.source(path)
                found = tuple(documents(source)) if source is not None else ()
            self._documents[path] = found
        return found

    def parsed(self) -> Iterator[tuple[str, tuple[Document, ...]]]:
        """Everything parsed so far."""
        return iter(self._documents.items())

    def children(self, directory: str) -> set[str]:
        """Names of files and directories directly in ``directory`` (``""`` is the root)."""
        if self._children is None:
            tree: dict[str, set[str]] = {"": set()}
            for path in self.paths:
                name = path
                while name:
                    up = parent(name)
                    known = up in tree
                    tree.setdefault(up, set()).add(name[len(up) + 1 if up else 0 :])
                    if known and name != path:
                        break
                    name = up
            self._children = tree
        return self._children.get(directory, set())

    def is_directory(self, path: str) -> bool:
        """Whether any file is below ``path``."""
        return path == "" or bool(self.children(path))

    def under(self, directory: str) -> tuple[str, ...]:
        """Every file below ``directory``, at any depth, sorted."""
        if not directory:
            return self.paths
        # "0" follows "/": the paths are sorted, so those of a directory stand together
        return self.paths[bisect_left(self.paths, directory + "/") : bisect_left(self.paths, directory + "0")]


class Reader:
    """Access to a tree that records what was read: files, globs (and listings), and absences."""

    __slots__ = ("absences", "files", "globs", "reads")

    def __init__(self, files: Files) -> None:
        self.files = files
        self.reads: set[str] = set()
        self.globs: set[str] = set()
        self.absences: set[str] = set()

    def exists(self, path: str) -> bool:
        """Whether ``path`` is a file."""
        found = path in self.files
        (self.reads if found else self.absences).add(path)
        return found

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory with files below it."""
        self.globs.add(path + "/*" if path else "*")
        return self.files.is_directory(path)

    def children(self, directory: str) -> list[str]:
        """Sorted names directly in ``directory``."""
        self.globs.add(directory + "/*" if directory else "*")
        return sorted(self.files.children(directory))

    def under(self, directory: str) -> tuple[str, ...]:
        """Every file below ``directory``, sorted."""
        self.globs.add(directory + "/**" if directory else "**")
        return self.files.under(directory)

    def glob(self, pattern: str) -> list[str]:
        """Files matching ``pattern`` (``*`` within a name, ``**`` across directories), sorted."""
        self.globs.add(pattern)
        match = glob_regex(pattern).fullmatch
        return [path for path in self.files.paths if match(path)]

    def source(self, path: str) -> Source | None:
        """The text of a file; None when absent or no text."""
        return self.files.source(path) if self.exists(path) else None

    def documents(self, path: str) -> tuple[Document, ...]:
        """The YAML documents of a file; empty when absent."""
        return self.files.documents(path) if self.exists(path) else ()
