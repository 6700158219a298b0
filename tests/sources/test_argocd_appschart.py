"""Applications as values of the argocd-apps chart."""

from __future__ import annotations

import pytest

from lintkit.sources.argocd.appschart import applications_of_file
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, lookup, text


def made(values: str) -> list[Mapping]:
    return applications_of_file(documents(Source("values.yaml", values))[0].root)


APPS = """\
applications:
  ceph:
    namespace: argocd
    finalizers: [resources-finalizer.argocd.argoproj.io]
    additionalAnnotations: {argocd.argoproj.io/sync-wave: "2"}
    project: default
    source: {repoURL: https://git.example/r.git, path: ceph}
    destination: {name: prod}
"""


def test_metadata_stands_beside_the_spec_in_values() -> None:
    (app,) = made(APPS)
    assert (text(app.get("kind")), text(lookup(app, "metadata", "name"))) == ("Application", "ceph")
    assert text(lookup(app, "metadata", "namespace")) == "argocd"
    assert text(lookup(app, "metadata", "annotations", "argocd.argoproj.io/sync-wave")) == "2"
    spec = app.get("spec")
    assert isinstance(spec, Mapping)
    assert list(spec.index) == ["project", "source", "destination"]


def test_values_of_an_application_stand_where_they_are_written() -> None:
    (app,) = made(APPS)
    path = lookup(app, "spec", "source", "path")
    assert path is not None
    assert place_of(path).first.line == 7


def test_the_older_list_form_names_each_item() -> None:
    (app,) = made("applications:\n- {name: ceph, source: {repoURL: x, path: y}}\n")
    assert text(lookup(app, "metadata", "name")) == "ceph"
    assert lookup(app, "spec", "name") is None


@pytest.mark.parametrize(
    "values",
    [
        "applications: {a: {template: {x: 1}}}\n",
        "applications: {a: {source: main}}\n",
        "applications: [a, b]\n",
        "applicationsets: {a: {template: {}}}\n",
        "apiVersion: v1\nkind: ConfigMap\napplications: {a: {source: {repoURL: x}}}\n",
        "- applications\n",
    ],
)
def test_values_of_another_chart_are_no_deliveries(values: str) -> None:
    assert made(values) == []
