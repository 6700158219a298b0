"""`lintkit new` and `lintkit schemas add`: files of one's own, and the line of the configuration that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lintkit.config import load_config
from lintkit.errors import LintkitError
from lintkit.fix.apply import new_text, write_atomic
from lintkit.fix.build import edits_for
from lintkit.fix.intent import Blocked, Insert
from lintkit.policy.load import all_policies
from lintkit.run import Options, load_configuration
from lintkit.schema.repository import schemas_in
from lintkit.shape import SHAPE_POLICIES
from lintkit.start import CONFIG_NAME, header, scalar, versions
from lintkit.text.regex import regex
from lintkit.text.source import Source
from lintkit.tree.work import WorkTree, config_file, decode, find_root
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping, is_null

POLICY_FOLDER: Final = "policies"
"""Where `new` puts the first policy of a repository."""
_NAME: Final = regex(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_POLICY: Final = """\
{header}
version: 1
id: {id}
title: {title}
severity: {{production: warning, lab: info}}
subject: CephBlockPool
# what an expression sees: lintkit eval object --on CephBlockPool/NAME
matchConditions:
  - "has(object.spec)"
validations:
  - expression: "has(object.spec.failureDomain)"
    message: the pool does not say over what it spreads its copies
    at: spec
why: Say here what happens in the cluster.
remedy: Say here what to write instead.
"""
_GOOD: Final = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata:
  name: data
  namespace: rook-ceph
spec: # ok: {id}
  failureDomain: host
  replicated:
    size: 3
"""
_BAD: Final = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata:
  name: data
  namespace: rook-ceph
spec: # expect: {id} "does not say"
  replicated:
    size: 3
"""


def new_policy(name: str, path: Path) -> str:
    """Write the folder of a policy FAMILY/ID that works, to be changed; what to say about it.

    It goes into the first policy folder of the configuration of the repository at ``path``, or into `policies`, which
    the configuration then names. LintkitError for a name that is none, is taken, or whose folder exists.
    """
    family, slash, ident = name.partition("/")
    if not slash or not _NAME.fullmatch(family) or not _NAME.fullmatch(ident):
        raise LintkitError(f"{name!r} is not FAMILY/ID in lower case with hyphens, such as house-rules/pool-without-owner")
    root = find_root(path)
    config = load_configuration(root, Options())
    # the folder that the configuration names may be the one to be made now
    folders = [folder for folder in config.policy_folders if (root / folder).is_dir()]
    taken = {p.id for p in all_policies(root, folders)} | {s.id for s in SHAPE_POLICIES}
    if ident in taken:
        raise LintkitError(f"the id {ident!r} is taken (`lintkit explain {ident}`)")
    folder = config.policy_folders[0] if config.policy_folders else POLICY_FOLDER
    home = root / folder / family / ident
    if home.exists():
        raise LintkitError("exists already", str(home))
    named = [] if config.policy_folders else [add_to_configuration(root, "policy-folders", folder)]
    (home / "cases").mkdir(parents=True)
    title = ident.replace("-", " ").capitalize()
    texts = {"policy.yaml": _POLICY, "cases/good.yaml": _GOOD, "cases/bad.yaml": _BAD}
    for file, text in texts.items():
        (home / file).write_bytes(text.format(header=header("policy.schema.json"), id=ident, title=title).encode())
    wrote = [f"wrote {(home / file).relative_to(root).as_posix()}" for file in texts]
    return "\n".join([*wrote, *named, f"next: write the judgement and its cases, then `lintkit test {folder}`"]) + "\n"


def add_schemas(file: Path) -> str:
    """Name a file or folder with CustomResourceDefinitions in the configuration's `schemas`; what to say about it.

    LintkitError when it defines nothing, or is not in a repository's tree (ignored and excluded files are not).
    """
    root = find_root(Path())
    if not file.resolve().is_relative_to(root):
        root = find_root(file)
    name = file.resolve().relative_to(root).as_posix() if file.resolve().is_relative_to(root) else "."
    if name == ".":
        raise LintkitError("name a file or folder inside the repository", str(file))
    config = load_configuration(root, Options())
    files = WorkTree(root, config.exclude).files()
    paths = [name] if name in files else [p for p in files.under(name) if p.endswith((".yaml", ".yml"))]
    if not paths:
        raise LintkitError("no file of the repository's tree: it is ignored or excluded, or holds no YAML", str(file))
    kinds = sorted({f"{kind}.{group}" for p in paths for group, kind in schemas_in(files.documents(p))})
    if not kinds:
        raise LintkitError("defines no kind: it holds no CustomResourceDefinition with a schema", str(file))
    if name in config.schemas:
        return f"{name} is named already, it defines {', '.join(kinds)}\n"
    return f"{add_to_configuration(root, 'schemas', name)}, it defines {', '.join(kinds)}\n"


def add_to_configuration(root: Path, key: str, value: str) -> str:
    """Add ``value`` to the list ``key`` of `.lintkit.yaml`, which is made if missing; what was done.

    Nothing else in the file changes. LintkitError when the configuration is kept in pyproject.toml, or cannot be edited.
    """
    name = config_file(root)
    if name == "pyproject.toml":
        raise LintkitError(f"add {value!r} to {key} of [tool.lintkit] yourself, then run this again", str(root / name))
    file = root / (name or CONFIG_NAME)
    if not name:
        made = f'{header("config.schema.json")}\nrequired-version: "{versions()}"\n{key}:\n  - {scalar(value)}\n'
        write_atomic(file, made, b"")
        return f"wrote {file.name} with {key}: {value}"
    before = file.read_bytes()
    text, reason = decode(before)
    if text is None:
        raise LintkitError(f"cannot be read: it is a {reason}", name)
    load_config(file, name)
    write_atomic(file, _with_item(Source(name, text), key, value), before)
    return f"{name} names {key}: {value}"


def _with_item(source: Source, key: str, value: str) -> str:
    docs = documents(source)
    root = docs[0].root if docs else None
    if root is None or is_null(root):
        text = source.text
        return text + ("" if not text or text.endswith("\n") else "\n") + f"{key}:\n  - {scalar(value)}\n"
    assert isinstance(root, Mapping)
    try:
        return new_text(source, edits_for([Insert(root, (key,), value)]))
    except Blocked as blocked:
        raise LintkitError(f"add {value!r} to {key} yourself: {blocked.reason}", source.path) from None
