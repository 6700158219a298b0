"""ChartValues: the effective values of one release of a known chart, for what a policy reads across components.

OtherValues: those that users wrote for a chart lintkit has no defaults of.
"""

from __future__ import annotations

from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.document import path_of
from lintkit.yamldoc.node import Mapping, Node, Scalar, lookup
from lintkit.yamldoc.transform import make_mapping, make_string


def values_subject(use: ChartUse, kind: str = "ChartValues") -> Subject:
    """The values of a release: ``chart``, ``version``, ``release``, ``namespace`` and ``values`` (defaults merged in)."""
    values, anchor = use.values, use.anchor
    version = version_node(use)
    parts = (
        ("chart", make_string(anchor, use.chart)),
        ("version", version if version is not None else make_string(anchor, use.version)),
        ("release", make_string(anchor, use.release)),
        ("namespace", make_string(anchor, use.namespace)),
        ("values", values),
    )
    return Subject(
        kind=kind,
        id=f"{kind}/{use.namespace}/{use.release or use.chart}/{use.chart}",
        object=make_mapping(anchor, parts),
        home=anchor,
        resource=ResourceId(kind, use.namespace, use.release or use.chart),
        bindings=(*_pinned(version), Binding(("values",), use.root, use.prefix), Binding((), use.root, use.prefix)),
        origin=use.origin,
        facts={"defaults_exact": use.exact},
    )


def version_node(use: ChartUse) -> Node | None:
    """The node that gives a chart's version.

    In a Chart.yaml, an Argo CD source, a HelmRelease or a fleet.yaml; None when none does.
    """
    if use.pin is not None:
        return use.pin
    home = use.home
    candidates = [lookup(home, "targetRevision"), lookup(home, "version")]
    if lookup(home.doc.root, "kind") is not None:
        candidates.append(lookup(home.doc.root, "spec", "chart", "spec", "version"))
    return next((n for n in candidates if isinstance(n, Scalar) and n.text == use.version), None)


def _pinned(version: Node | None) -> tuple[Binding, ...]:
    root = version.doc.root if version is not None else None
    return (Binding(("version",), root, path_of(version)),) if version is not None and isinstance(root, Mapping) else ()
