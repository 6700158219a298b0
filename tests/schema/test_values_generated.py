"""Values of every chart whose keys are known: a known key is silent, and one that is misspelt is found at the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lintkit.charts import KeyTree, chart_defaults, chart_names, known_keys
from lintkit.config import Config
from lintkit.conformity import conformity
from lintkit.facts.words import distance
from lintkit.finding import Finding
from lintkit.run import Options, environments_of
from lintkit.sources.world import load_world
from lintkit.tree.files import Files
from tests.schema.conftest import misspelt

CHARTS: Final = tuple(sorted(name for name in chart_names() if isinstance(known_keys(name), dict)))
Keys = tuple[str, ...]


def inner_keys(tree: KeyTree, path: Keys = ()) -> Iterator[tuple[Keys, tuple[str, ...]]]:
    """Paths of at least two keys that the tree lists, each with all keys of its mapping."""
    if isinstance(tree, dict):
        for name, below in tree.items():
            if path and name.isidentifier() and isinstance(below, int):
                yield (*path, name), tuple(tree)
            if name.isidentifier() and name != "global":
                yield from inner_keys(below, (*path, name))


def findings(chart: str, path: Keys, name: str) -> list[Finding]:
    defaults = chart_defaults(chart)
    assert defaults is not None
    version = f"{defaults.release}.1"
    text = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(path[:-1])) + f"{'  ' * (len(path) - 1)}{name}: some\n"
    files = {
        f"{chart}/Chart.yaml": f"apiVersion: v2\nname: {chart}\nversion: {version}\n",
        f"{chart}/values.yaml": text,
    }
    world = load_world(Files(files, files.__getitem__), Config())
    found = conformity(world, environments_of(world, Options()), set())
    return [f for f in found if f.policy == "unknown-key" and f.span.path.endswith("values.yaml")]


@pytest.mark.parametrize("chart", CHARTS)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_a_misspelt_value_is_found_and_the_right_one_is_silent(chart: str, data: st.DataObject) -> None:
    tree = known_keys(chart)
    assert tree is not None
    path, known = data.draw(st.sampled_from(list(inner_keys(tree))))
    assert findings(chart, path, path[-1]) == []
    wrong = misspelt(data.draw, path[-1])
    assume(len(path[-1]) > 2 and wrong not in known and not wrong.isdigit())
    (finding,) = findings(chart, path, wrong)
    place = finding.place
    assert place.source.text[place.start : place.end] == wrong
    near = [key for key in known if distance(wrong, key, 1) <= 1]
    assert f"did you mean {' or '.join(sorted(near))}?" in finding.message
    assert path[-1] in near
