"""What is fuzzed: an input, and what must hold of it. Any exception but LintkitError is a crash, and so is a run without end."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lintkit.errors import LintkitError
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import Document, path_of, place_of, pointer
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Mapping, Node, Scalar
from lintkit.yamldoc.node import Sequence as Listing
from lintkit.yamldoc.plain import plain
from lintkit.yamldoc.scalars import KNOWN_TAGS
from tests.fuzz import seeds


class Target(NamedTuple):
    """``run`` takes an input made of ``seeds`` and raises when something that must hold does not; ``weight`` is its share."""

    seeds: Callable[[], Sequence[str]]
    run: Callable[[str], None]
    weight: int = 1


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def yaml(text: str) -> None:
    """Every node stands where its document says, and a plain or quoted scalar is cut out of the text by its span."""
    source = Source("a.yaml", text)
    for doc in documents(source):
        if doc.trouble is not None:
            assert 0 <= doc.trouble.offset <= len(source.text)
            continue
        _walk(doc, 0)
        json.dumps(plain(doc.root))


def _walk(doc: Document, depth: int) -> None:
    todo: list[Node] = [doc.root] if doc.root is not None else []
    aliased = {id(use.node) for use in doc.aliases.values()}
    count = 0
    while todo and count < 2000:
        node = todo.pop()
        count += 1
        assert 0 <= node.start <= node.end <= len(doc.text), (node, node.start, node.end)
        place = place_of(node)
        assert 0 <= place.start <= place.end <= len(place.source.text)
        if isinstance(node, Mapping):
            todo += [part for entry in node.entries if not entry.via for part in (entry.key, entry.value)]
        elif isinstance(node, Listing):
            todo += node.items
        elif isinstance(node, Scalar) and id(node) not in aliased:
            _scalar(doc, node, depth)
        if count < 50:
            pointer(doc, path_of(node))


def _scalar(doc: Document, node: Scalar, depth: int) -> None:
    shown = doc.text[node.start : node.end]
    single = not any(char in shown for char in "\n\r\x85\u2028\u2029")
    if not node.style and single and not shown.startswith("*") and (node.tag is None or node.tag in KNOWN_TAGS):
        assert shown == node.text, (shown, node.text)
    if node.style == "'" and single and not shown.startswith("*"):
        assert shown[1:-1].replace("''", "'") == node.text, (shown, node.text)
    if depth < 2 and len(node.text) > 2:
        inner = embed(node)
        if inner.trouble is None:
            _walk(inner, depth + 1)


def repository(text: str) -> None:
    """A whole repository: judged, and reported in every format; nothing raises, no control character is written."""
    from lintkit.inspect import show_environments, show_nodes, show_why
    from lintkit.pgs import repository_answer
    from lintkit.run import Options

    texts = {path: _clean(content) for path, content in seeds.files_of(text).items()}
    report, loaded = judged(texts)
    assert not report.broken, report.broken
    _reported(report, loaded.policies)
    show_environments(loaded)
    show_nodes(loaded)
    repository_answer(loaded, Options(paths=(loaded.root,)), as_json=True)
    for environment in loaded.environments[:1]:
        for subject in environment.subjects[:3]:
            if subject.resource.name:
                show_why(loaded, f"{subject.kind}/{subject.resource.name}:spec")


def judged(texts: dict[str, str]) -> tuple[Any, Any]:
    """The report about a repository that is in memory only, and the repository as it was read."""
    from lintkit.run import Options, findings_of, open_repository, read, report_of
    from lintkit.tree.files import Files

    options = Options(paths=(_empty(),))
    loaded = read(open_repository(options), Files(texts, texts.get), options)
    return report_of(loaded, options, *findings_of(loaded, options)), loaded


def _reported(report: Any, policies: Any) -> None:
    from lintkit.explain import policy_info
    from lintkit.report.formats import FORMATS
    from lintkit.report.info import Options as Shown

    info = policy_info(policies)
    for name, render in FORMATS.items():
        written = render(report, info, Shown(color=False, width=100, links=False, show_all=True, statistics=True, prefix=""))
        assert not {"\x1b", "\0", "\r", "\u202e"} & set(written), name


_EMPTY: list[tempfile.TemporaryDirectory[str]] = []


def _empty() -> Path:
    if not _EMPTY:
        _EMPTY.append(tempfile.TemporaryDirectory(prefix="lintkit-fuzz-"))
        (Path(_EMPTY[0].name) / ".lintkit.yaml").write_bytes(b"")
    return Path(_EMPTY[0].name)


def _written(folder: Path, texts: dict[str, str]) -> None:
    texts = {".lintkit.yaml": "", **texts}
    for path, text in texts.items():
        file = folder / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_clean(text).encode())
        except OSError:
            continue  # a name that this file system refuses, or a file where a directory is wanted


def fixes(text: str) -> None:
    """After every fix, safe or not, all that could be read still can, and a second run changes nothing."""
    from lintkit.repair import repair
    from lintkit.run import Options

    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        root = Path(name)
        _written(root, seeds.files_of(text))
        before = _troubles(root)
        done = repair(Options(paths=(root,)), unsafe=True)
        for path, broken in _troubles(root).items():
            assert broken <= before.get(path, 0), path
        assert not list(root.rglob("*.tmp"))
        if done.files:
            again = repair(Options(paths=(root,)), unsafe=True)
            assert again.files == (), (again.files, [f.title for f in _fixes_of(done.report)])


def _fixes_of(report: Any) -> list[Any]:
    return [f.fix for f in report.findings if f.fix is not None and f.fix.edits]


def _troubles(root: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for file in root.rglob("*.yaml"):
        if file.is_file():
            docs = documents(Source(file.name, file.read_bytes().decode("utf-8")))
            found[file.relative_to(root).as_posix()] = sum(d.trouble is not None for d in docs)
    return found


def policy(text: str) -> None:
    """A policy of the repository's own: an error of its author is a sentence, when it loads or when it runs."""
    from lintkit.explain import explain_policy, list_policies
    from lintkit.run import Options, check

    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        root = Path(name)
        files = {".lintkit.yaml": "policy-folders: [house]\n", "house/fuzz/mine/policy.yaml": text, "pool.yaml": seeds._POOL}
        _written(root, files)
        report, loaded = check(Options(paths=(root,)))
        _reported(report, loaded.policies)
        list_policies(root, as_json=True)
        explain_policy("mine", root)


def policy_seeds() -> tuple[str, ...]:
    """Built-in policies under the name that the target gives them."""
    import re

    return tuple(re.sub(r"^id: .*$", "id: mine", text, count=1, flags=re.MULTILINE) for text in seeds.policy_files())


def cel(text: str) -> None:
    """An expression compiles or not, and gives a value or an error."""
    from lintkit.policy.cel import CelError, Program
    from lintkit.policy.reads import reads_of

    pool: Any = plain(documents(Source("pool.yaml", seeds._POOL))[0].root)
    data: Any = {"object": pool, "oldObject": pool, "params": {"min": 2}, "facts": {"hosts": 3, "ceph_name": "x"}, "env": {}}
    data |= {"variables": {"size": 1}, "item": {"name": "x"}}
    try:
        made = Program(_clean(text))
        reads_of(made.tree)
        made.evaluate(data)
    except CelError:
        pass


def configuration(text: str) -> None:
    """A configuration is read or refused with a sentence; what is read is used."""
    from lintkit.run import Options, check

    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        root = Path(name)
        _written(
            root,
            {
                ".lintkit.yaml": text,
                "house.yaml": "profile: lab\n",
                "house/x/.keep": "",
                "crd.yaml": "",
                "apps/a/values.yaml": "cephBlockPools: [{name: a, spec: {replicated: {size: 1}}}]\n",
                "inventory/prod/hosts.ini": seeds.INVENTORIES[0],
                "clusters/prod/pool.yaml": seeds._POOL,
            },
        )
        report, loaded = check(Options(paths=(root,)))
        assert not report.broken, report.broken
        _reported(report, loaded.policies)


def baseline(text: str) -> None:
    """A baseline is read, or refused with a sentence; writing it anew and pruning it work."""
    from lintkit.decisions import prune_baseline
    from lintkit.run import Options, check

    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        root = Path(name)
        _written(root, {".lintkit-baseline.json": text, "pool.yaml": seeds._POOL})
        check(Options(paths=(root,)))
        prune_baseline(Options(paths=(root,)))
        check(Options(paths=(root,)))


def ignores(text: str) -> None:
    """Comments that ignore: listed, judged, and never in the way."""
    from lintkit.decisions import list_ignores
    from lintkit.ignores import comments
    from lintkit.run import Options

    for path, content in seeds.files_of(text).items():
        source = Source(path, content)
        for found in comments(source):
            assert source.text[found.place.start : found.place.end].startswith("#")
    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        root = Path(name)
        _written(root, seeds.files_of(text))
        list_ignores(Options(paths=(root,)), as_json=True)


def ignore_seeds() -> tuple[str, ...]:
    """Repositories with comments that ignore."""
    lines = ("# lintkit: ignore[pool-size-one] scratch", "# lintkit: ignore[pool-size-one, nonsense] until=2020-01-01 x")
    found = [f"{line}\n{seeds._POOL}" for line in lines]
    found += [seeds._POOL.replace("\n", f"  {line}\n") for line in lines]
    return tuple(f"=== pool.yaml\n{text}" for text in found)


def whatif(text: str) -> None:
    """A description of a cluster is answered, or refused with a sentence; the answer is JSON."""
    from lintkit.pgs import what_if_answer

    with tempfile.TemporaryDirectory(prefix="lintkit-fuzz-") as name:
        file = Path(name) / "question.json"
        file.write_bytes(_clean(text).encode())
        json.loads(what_if_answer(file, as_json=True), parse_constant=_no_constant)
        what_if_answer(file, as_json=False)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def templates(text: str) -> None:
    """Go templates, the old fast templates and Flux's variables: text, or what cannot be told."""
    from lintkit.sources.argocd.functions import TemplateError
    from lintkit.sources.argocd.gotemplate import Mode, laid_out, render, render_text
    from lintkit.sources.flux.envsubst import Variables, pieces, replace

    text = _clean(text)
    params: Any = {
        "name": "a-b/c",
        "n": 3,
        "b": None,
        "list": [{"x": 1}, "y"],
        "path": {"path": "a/b", "basename": "b", "segments": ["a"]},
    }
    for mode in (Mode(go=True), Mode(go=True, strict=True), Mode(go=False)):
        try:
            render(text, params, mode)
            made, segments = laid_out(render_text(text, params, mode))
            segments.span(0, len(made))
        except TemplateError:
            pass
    replace(text, list(pieces(text, Variables({"name": "abc", "b": ""}, {"hidden": "secret"}, ("source",)))))


def inventory(text: str) -> None:
    """An INI inventory: groups and notes."""
    from lintkit.sources.inventory.ini import looks_ini, read_ini

    text = _clean(text)
    looks_ini(text)
    read_ini(Source("hosts.ini", text))


def globs(text: str) -> None:
    """Globs of configurations and generators take little time, whatever they are."""
    from lintkit.tree.globs import glob_regex

    pattern, _, path = text.partition("\n")
    glob_regex(pattern[:500]).fullmatch(path[:500])


TARGETS: dict[str, Target] = {
    "yaml": Target(seeds.repositories, yaml, 4),
    "repository": Target(seeds.repositories, repository, 6),
    "deliveries": Target(seeds.deliveries, repository, 6),
    "forms": Target(lambda: seeds.FORMS, repository, 6),
    "fixes": Target(seeds.fixable, fixes, 4),
    "policy": Target(policy_seeds, policy, 3),
    "cel": Target(seeds.expressions, cel, 4),
    "configuration": Target(lambda: seeds.CONFIGURATIONS, configuration, 3),
    "baseline": Target(lambda: seeds.BASELINES, baseline, 1),
    "ignores": Target(ignore_seeds, ignores, 2),
    "whatif": Target(lambda: seeds.QUESTIONS, whatif, 2),
    "templates": Target(lambda: seeds.TEMPLATES, templates, 4),
    "inventory": Target(lambda: seeds.INVENTORIES, inventory, 2),
    "globs": Target(lambda: ("clusters/**/{a,b}*.yaml\nclusters/prod/x/axx.yaml", "**/*a*/**/[!a-z]*\n" + "a/" * 40), globs, 1),
}
"""By name; a crash is kept under ``crashes/NAME/``."""


def attempt(target: Target, text: str) -> None:
    """Run an input; what lintkit says of a mistake is no crash."""
    with contextlib.suppress(LintkitError):
        target.run(text)
