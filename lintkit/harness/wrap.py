"""One case in every form it can be delivered in.

Values of a chart: ``valuesObject`` and a literal block of an Argo CD Application, a HelmRelease. Custom resources that
the rook-ceph-cluster chart makes: the same, chart values, and values of a wrapper chart. Any other resources: a
kustomization, and the items of a ``kind: List``.

Wrapping works on lines, so that each line of the case is found again in the wrapped text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lintkit.records import NamedTuple
from lintkit.text.regex import regex
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.node import Mapping as MapNode
from lintkit.yamldoc.node import Scalar, lookup, string

_LISTS: Final = {
    "CephBlockPool": "cephBlockPools",
    "CephFilesystem": "cephFileSystems",
    "CephObjectStore": "cephObjectStores",
}
_DELIVERS: Final = regex(r"argoproj\.io/|toolkit\.fluxcd\.io/|kustomize|fleet\.cattle\.io/")
_ROOK: Final = "rook-ceph-cluster"


class Form(NamedTuple):
    """A delivery of a case: its files, and the line of its main file for each line of the case."""

    name: str
    files: Mapping[str, str]
    lines: Mapping[int, int]


class _Line(NamedTuple):
    text: str
    source: int


def wrapped(text: str, chart: str) -> Iterator[Form]:
    """Every other form of a case; none for one whose layout cannot be moved by lines."""
    if "\r" in text or "\ufeff" in text or "\t" in text:
        return
    if chart:
        values = [_Line(line, i) for i, line in enumerate(text.rstrip("\n").split("\n"), 1)]
        name = chart
    else:
        yield from _as_resources(text)
        found = _as_values(text)
        if found is None:
            return
        values, name = found, _ROOK
        yield _form("chart values", {}, f"{_ROOK}/values.yaml", values)
        yield _form("wrapper chart values", _wrapper(), "storage/values.yaml", [_Line(f"{_ROOK}:", 0), *_indented(values, 2)])
    yield _form("valuesObject", {}, "apps/app.yaml", [*_application(name, "valuesObject:"), *_indented(values, 8)])
    yield _form("a literal values block", {}, "apps/app.yaml", [*_application(name, "values: |"), *_indented(values, 8)])
    yield _form("a HelmRelease", {}, "flux/release.yaml", [*_helm_release(name), *_indented(values, 4)])


def _form(name: str, files: Mapping[str, str], path: str, lines: list[_Line]) -> Form:
    text = "".join(line.text + "\n" for line in lines)
    return Form(name, {**files, path: text}, {line.source: i for i, line in enumerate(lines, 1) if line.source})


def _indented(lines: list[_Line], width: int) -> list[_Line]:
    return [_Line(" " * width + line.text if line.text.strip() else "", line.source) for line in lines]


def _plain(text: str) -> list[_Line]:
    return [_Line(line, 0) for line in text.strip("\n").split("\n")]


def _wrapper() -> dict[str, str]:
    chart = f"apiVersion: v2\nname: storage\nversion: 1.0.0\ndependencies:\n  - name: {_ROOK}\n    version: v1.19.5\n"
    return {"storage/Chart.yaml": chart}


def _application(chart: str, key: str) -> list[_Line]:
    return _plain(f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: wrapped
spec:
  source:
    repoURL: https://charts.example.org
    chart: {chart}
    targetRevision: {_version(chart)}
    helm:
      {key}""")


def _helm_release(chart: str) -> list[_Line]:
    return _plain(f"""
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: wrapped
  namespace: rook-ceph
spec:
  chart:
    spec:
      chart: {chart}
      version: {_version(chart)}
  values:""")


def _version(chart: str) -> str:
    return "v1.19.5" if chart == _ROOK else "2025.2.6"


def _as_resources(text: str) -> Iterator[Form]:
    """Resources through a kustomization and as a List; nothing where a document is none, or itself says what to apply."""
    roots = [doc.root for doc in documents(Source("case.yaml", text))]
    listed: list[_Line] = _plain("apiVersion: v1\nkind: List\nitems:")
    for root in roots:
        if not isinstance(root, MapNode) or root.flow or string(root.get("kind")) is None:
            return
        if _DELIVERS.search(string(root.get("apiVersion")) or "") or string(root.get("kind")) == "Node":
            return
        block = _block(root.doc.source, root.start, root.end)
        listed += [_Line("  - " + block[0].text, block[0].source), *_indented(block[1:], 4)]
    same = {number: number for number in range(1, text.count("\n") + 2)}
    kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [case.yaml]\n"
    yield Form("a kustomization", {"case.yaml": text, "kustomization.yaml": kustomization}, same)
    yield _form("a List", {}, "case.yaml", listed)


def _as_values(text: str) -> list[_Line] | None:
    """The CRs of a case as rook-ceph-cluster values, line by line; None when a document is of another kind."""
    groups: dict[str, list[list[_Line]]] = {}
    for doc in documents(Source("case.yaml", text)):
        root = doc.root
        if not isinstance(root, MapNode) or not (string(root.get("apiVersion")) or "").startswith("ceph.rook.io/"):
            return None
        kind, name, spec = string(root.get("kind")) or "", lookup(root, "metadata", "name"), root.index.get("spec")
        if not isinstance(name, Scalar) or spec is None or root.flow or not isinstance(spec.value, MapNode) or spec.value.flow:
            return None
        body = _block(doc.source, spec.key.start, spec.value.end)
        if kind == "CephCluster":
            groups.setdefault("cephClusterSpec", []).append(body)
        elif kind in _LISTS:
            head = [_Line(f"  - name: {name.text}", 0), _Line("    spec:", body[0].source)]
            groups.setdefault(_LISTS[kind], []).append([*head, *_indented(body[1:], 4)])
        else:
            return None
    if len(groups.get("cephClusterSpec", [])) > 1 or not groups:
        return None
    return _values(groups)


def _block(source: Source, start: int, end: int) -> list[_Line]:
    first, last = source.position(start).line, source.position(end).line
    return [_Line(source.line(number), number) for number in range(first, last + 1)]


def _values(groups: Mapping[str, list[list[_Line]]]) -> list[_Line]:
    lines: list[_Line] = []
    for body in groups.get("cephClusterSpec", []):
        lines += [_Line("cephClusterSpec:", body[0].source), *body[1:]]
    for key in _LISTS.values():
        found = groups.get(key)
        lines.append(_Line(f"{key}:" if found else f"{key}: []", 0))
        lines += [line for body in found or [] for line in body]
    return lines
