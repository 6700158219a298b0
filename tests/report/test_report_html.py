"""The page as text: its data and sections byte for byte, its policy against running anything, what it escapes.

``LINTKIT_ACCEPT=1`` rewrites the golden files: read the difference.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lintkit import __version__
from lintkit.finding import Changed, ChangeSummary, EnvironmentChange, Finding, Report, Turn
from lintkit.overview import overview_of
from lintkit.report.formats import FORMATS
from lintkit.report.html.data import embedded
from lintkit.report.info import (
    ClusterPgs,
    Delivered,
    EnvironmentInfo,
    NodeRow,
    Options,
    Overview,
    PolicyInfo,
    PoolPgs,
    RoleMatrix,
    RootLoad,
)
from lintkit.run import Options as Asked
from lintkit.run import check, load
from lintkit.text.source import Source

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
UPLOT = ROOT / "lintkit" / "report" / "html" / "assets" / "uplot"
NASTY = "</script><script>window.ran=1</script><img src=x onerror=window.ran=1><!-- & \"' \u2028 \u202e"


def overview(name: str = "cloud") -> Overview:
    """Two environments: one with everything there is, one of which little is known. ``name`` stands in every name."""
    pools = (
        PoolPgs(f"{name}.images", "default", 3, 32, 2.4, "the minimum: nothing says how large it gets", 256),
        PoolPgs(".mgr", "default", 3, 1, 0.1, "minimum 1"),
    )
    roots = (RootLoad("default", 40, (2.5, 4.0), (19.3, 22.0)), RootLoad("default~ssd", 8, (9.0, 9.0)))
    plan = ClusterPgs(
        "rook-ceph",
        name,
        ceph_version="19.2.3",
        assumed=True,
        osds=40,
        target=100,
        pools=pools,
        roots=roots,
        notes=("POOL_TOO_FEW_PGS: images",),
        changes=("After 1 suggested fix: data-pool-unsized.",),
    )
    matrix = RoleMatrix(
        ("node-role.kubernetes.io/control-plane", f"{name}/storage=yes"),
        (NodeRow("node-1", (True, False), ("dedicated=storage:NoSchedule",)), NodeRow(f"{name}-2", (False, True), ())),
    )
    delivered = (
        Delivered("Application apps", "", (), ()),
        Delivered(
            "Application rook-ceph-cluster",
            "Application apps",
            ("base.yaml", "values/prod.yaml"),
            (("CephBlockPool", tuple(f"{name}-{n}" for n in range(14))), ("CephCluster", (name,))),
        ),
        Delivered("Kustomization a", "Kustomization b", (), ()),
        Delivered("Kustomization b", "Kustomization a", (), (("ConfigMap", ("c",)),)),
        Delivered("", "", (), (("Secret", ("lone",)),)),
    )
    prod = EnvironmentInfo("prod", "production", (("ceph", "19.2.3"),), matrix, "", delivered, (plan,), (f"{name}: not read",))
    unknown = ClusterPgs("", name, not_known="the number of OSDs is not known")
    stage = EnvironmentInfo("stage", "lab", (), RoleMatrix((), ()), "no node inventory", (), (unknown,), ())
    return Overview(name, (prod, stage))


def page(report: Report, policies: Sequence[PolicyInfo] = (), shown: Overview | None = None) -> str:
    return FORMATS["html"](report, policies, Options(overview=shown))


def parts(text: str, name: str) -> list[str]:
    return re.findall(rf"<{name}(?: [^>]*)?>(.*?)</{name}>", text, re.DOTALL)


def body(text: str) -> str:
    """The sections of a page, an element a line."""
    main = parts(text, "main")[0].replace(f"lintkit {__version__}", "lintkit")
    return re.sub(r"(</(?:p|li|tr|h\d|dl|div|section|article|figure|svg|thead|rect|text|summary)>)", r"\1\n", main)


def same(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("LINTKIT_ACCEPT") == "1":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def test_the_data_is_what_its_golden_file_holds(report: Report) -> None:
    same("html-data.txt", embedded(report))


def test_the_sections_are_what_their_golden_file_holds(report: Report, policies: Sequence[PolicyInfo]) -> None:
    same("html-body.txt", body(page(report, policies, overview())))


def test_a_page_says_that_nothing_was_found() -> None:
    same("html-body-nothing.txt", body(page(Report(findings=(), files=1, environments=("prod",)))))


def test_what_a_change_does_is_what_its_golden_file_holds(summary: ChangeSummary) -> None:
    text = body(page(Report(findings=(), environments=("prod",), changes=summary)))
    same("html-changes.txt", text[text.index('<section id="changes"') : text.index("<footer")])


def test_a_change_that_does_nothing_is_said_and_no_change_has_no_section() -> None:
    text = body(page(Report(findings=(), changes=ChangeSummary((EnvironmentChange("prod"),), ("own/templates/<b>.yaml",)))))
    assert '<p class="nothing">No change in what the clusters get that lintkit can tell; it does not follow 1 changed' in text
    assert "own/templates/&lt;b&gt;.yaml</p>" in text
    assert 'id="changes"' not in page(Report(findings=()))


def test_a_page_says_first_that_something_is_broken() -> None:
    text = page(Report(findings=(), broken=("policy <b>x</b> is broken: it fails",)))
    assert "<li>policy &lt;b&gt;x&lt;/b&gt; is broken: it fails</li>" in text
    assert text.index("This run is not complete") < text.index('id="findings"')


def test_only_the_style_and_the_script_of_the_page_may_run(report: Report) -> None:
    text = page(report)
    allowed = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert allowed is not None
    rules = dict(rule.partition(" ")[::2] for rule in allowed[1].replace("&#x27;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    data, script = parts(text, "script")
    for rule, content in (("script-src", script), ("style-src", parts(text, "style")[0])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert json.loads(data)["version"] == 1
    assert re.findall(r"<[^>]* (?:style|on\w+)=", text) == []
    assert re.findall(r'(?:src|href)="(?!#|https?://|data:image/svg)', text) == []


def test_nothing_of_a_repository_becomes_markup(finding: Callable[..., Finding]) -> None:
    source = Source("a.yaml", f"key: {NASTY}\n")
    bad = finding(source, "key", message=NASTY, policy=NASTY, family=NASTY, origin=NASTY, why=NASTY, environments=(NASTY,))
    changed = Changed(NASTY, NASTY, "changed", (Turn(NASTY, NASTY, NASTY),), (NASTY,), NASTY, (NASTY,))
    changes = ChangeSummary(
        (EnvironmentChange(NASTY, (changed,), (NASTY,), NASTY), EnvironmentChange(NASTY + "b", (changed,), was=NASTY))
    )
    report = Report(findings=(bad,), broken=(NASTY,), environments=(NASTY, "b"), changes=changes)
    text = page(report, (), overview(NASTY))
    assert len(parts(text, "script")) == 2
    assert "<img" not in text
    assert "<!--" not in text
    assert "\u2028" not in text
    assert "\u202e" not in text
    said = json.loads(parts(text, "script")[0])["findings"][0]
    assert said["message"].startswith("</script><script>window.ran=1</script><img")


def test_equal_reports_give_equal_pages(report: Report, policies: Sequence[PolicyInfo]) -> None:
    assert page(report, policies, overview()) == page(report, policies, overview())


def test_findings_of_one_fingerprint_have_addresses_of_their_own(finding: Callable[..., Finding]) -> None:
    source = Source("a.yaml", "key: 1\n")
    twins = tuple(finding(source, "key", fingerprint="f" * 32, severity=severity) for severity in ("error", "warning"))
    ids = [f["id"] for f in json.loads(embedded(Report(findings=twins)))["findings"]]
    assert ids == ["finding-ffffffffffffffff", "finding-ffffffffffffffff-2"]


def test_a_span_after_wide_characters_is_split_where_it_stands(finding: Callable[..., Finding]) -> None:
    source = Source("a.yaml", "\u5bcc\u58eb: \U0001f600 size\n")
    rows: list[Any] = json.loads(embedded(Report(findings=(finding(source, "size"),))))["findings"][0]["frame"]
    assert rows == [[1, "\u5bcc\u58eb: \U0001f600 ", "size", ""]]


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: mq}
stringData:
  password: correct-horse # of the queue
  key: |
    battery
    staple
"""


def test_no_format_shows_a_secret(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text(SECRET)
    asked = Asked(paths=(tmp_path,))
    found, loaded = check(asked)
    assert {f.policy for f in found.findings} >= {"plaintext-secret"}
    options = Options(show_all=True, overview=overview_of(loaded, asked))
    for name, render in FORMATS.items():
        text = render(found, (), options)
        assert "plaintext-secret" in text
        assert not [word for word in ("horse", "battery", "staple") if word in text], name
    assert "5 |   password: \u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022 # of the queue" in FORMATS["human"](
        found, (), options
    )


def test_the_overview_is_what_the_examples_deliver() -> None:
    asked = Asked(paths=(ROOT / "examples",))
    shown = overview_of(load(asked), asked)
    lab, prod = shown.environments
    assert (shown.name, lab.profile, prod.profile) == ("examples", "lab", "production")
    assert [node.name for node in lab.matrix.nodes] == ["ghyll-1", "ghyll-2", "ghyll-3"]
    rook = next(d for d in lab.delivered if d.label == "Application lab-ceph-cluster")
    assert rook.parent == "Application tarn-lab"
    assert rook.layers == ("ceph/cluster/common.yaml", "argocd/lab/ceph-cluster.yaml valuesObject")
    assert ("CephCluster", ("rook-ceph",)) in rook.resources
    plan = prod.clusters[0]
    assert (plan.osds, plan.ceph_version, plan.assumed) == (26, "19.2.3", False)
    assert [line for line in plan.changes if line.startswith("After 3 suggested fixes: ")]
    assert next(pool for pool in plan.pools if pool.name == "registry").pgs == 1
    assert "nova-disks" in [pool.name for pool in plan.pools]
    assert {root.name: root.osds for root in plan.roots} == {"default~nvme": 16, "default~hdd": 10, "default": 26}


@pytest.mark.parametrize("name", ["uPlot.iife.min.js", "uPlot.min.css"])
def test_the_charting_library_is_the_one_recorded(name: str) -> None:
    digest = hashlib.sha256((UPLOT / name).read_bytes()).hexdigest()
    assert f"| sha256 of {name} | {digest} |" in (UPLOT / "README.md").read_text("utf-8")
