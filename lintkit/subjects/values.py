"""ChartValues: the effective values of one release of a known chart, for what a policy reads across components."""

from __future__ import annotations

from lintkit.finding import ResourceId
from lintkit.sources.charts import ChartUse
from lintkit.subjects.model import Binding, Subject
from lintkit.yamldoc.transform import make_mapping, make_string


def values_subject(use: ChartUse) -> Subject:
    """The values of a release: ``chart``, ``version``, ``release``, ``namespace`` and ``values`` (defaults merged in)."""
    values = use.values
    anchor = values if not values.doc.source.builtin else use.home
    parts = (
        ("chart", make_string(anchor, use.chart)),
        ("version", make_string(anchor, use.version)),
        ("release", make_string(anchor, use.release)),
        ("namespace", make_string(anchor, use.namespace)),
        ("values", values),
    )
    return Subject(
        kind="ChartValues",
        id=f"ChartValues/{use.namespace}/{use.release or use.chart}/{use.chart}",
        object=make_mapping(anchor, parts),
        home=anchor,
        resource=ResourceId("ChartValues", use.namespace, use.release or use.chart),
        bindings=(Binding(("values",), use.root, use.prefix), Binding((), use.root, use.prefix)),
        origin=use.origin,
        facts={"defaults_exact": use.exact},
    )
