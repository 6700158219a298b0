"""What the formats for machines promise to their readers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintkit.finding import (
    Changed,
    ChangeSummary,
    EnvironmentChange,
    Finding,
    Fix,
    IgnoredFinding,
    NotEvaluated,
    Related,
    Report,
    Turn,
)
from lintkit.records import replace
from lintkit.report import checkstyle, github, gitlab, jsonout, junit, markdown, markdown_text, rdjson, sarif
from lintkit.report.formats import FORMATS
from lintkit.report.info import Options, PolicyInfo
from lintkit.report.plain import is_unseen
from lintkit.text.edits import Edit
from lintkit.text.source import Place, Source

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
Make = Callable[..., Finding]


def _many(finding: Make, count: int, severity: str = "error", **changes: object) -> tuple[Finding, ...]:
    source = Source("many.yaml", "x: 1\n" * count)
    one = finding(source, "x", severity=severity, **changes)
    spans = ((n, one.span._replace(start=source.position(5 * n), end=source.position(5 * n + 1))) for n in range(count))
    return tuple(one._replace(span=span, fingerprint=f"{severity}{n}") for n, span in spans)


def test_json_has_the_documented_keys_in_order(report: Report) -> None:
    text = jsonout.render(report)
    value = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    assert list(value) == ["version", "findings", "ignored_findings", "resolved", "not_evaluated", "skipped", "summary"]
    assert list(value["findings"][0]) == SCHEMA["$defs"]["finding_properties"]["required"]
    assert text.endswith("}\n")


def test_json_of_any_order_of_findings_is_the_same(report: Report) -> None:
    assert jsonout.render(replace(report, findings=report.findings[::-1])) == jsonout.render(report)


def test_json_names_what_is_broken_only_when_something_is(report: Report) -> None:
    value = json.loads(jsonout.render(replace(report, broken=("policy x: crashed",))))
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    assert value["broken"] == ["policy x: crashed"]
    assert "broken" not in json.loads(jsonout.render(report))


def test_the_schema_refuses_unknown_keys(report: Report) -> None:
    value = json.loads(jsonout.render(report))
    value["findings"][0]["extra"] = 1
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def test_json_tells_why_a_fix_is_blocked(report: Report) -> None:
    fixes = [f["fix"] for f in json.loads(jsonout.render(report))["findings"]]
    assert {"title": "set size", "safe": False, "edits": [], "blocked": "an alias"} in fixes


def test_json_edits_can_be_applied_by_offset(report: Report) -> None:
    fix = json.loads(jsonout.render(report))["findings"][0]["fix"]
    source = next(f.place.source for f in report.findings if f.fix and f.fix.title == fix["title"])
    (edit,) = fix["edits"]
    assert source.text[edit["start"]["offset"] : edit["end"]["offset"]] == "1"
    assert (edit["start"]["line"], edit["start"]["column"]) == (7, 15)


def test_sarif_has_what_code_scanning_requires(report: Report, policies: Sequence[PolicyInfo]) -> None:
    value = json.loads(sarif.render(report, policies, Options(category="nightly")))
    assert (value["version"], value["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = value["runs"]
    assert run["automationDetails"] == {"id": "lintkit/nightly/"}
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert "security" not in rule["properties"]["tags"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        region = result["locations"][0]["physicalLocation"]["region"]
        assert min(region.values()) >= 1
        assert "lintkitFingerprint/v1" in result["partialFingerprints"]
        assert "primaryLocationLineHash" not in result["partialFingerprints"]
        assert "suppressions" not in result


def test_sarif_links_related_places_from_the_message_and_leaves_out_built_in_ones(report: Report) -> None:
    first = json.loads(sarif.render(report))["runs"][0]["results"][0]
    assert first["message"]["text"] == "replicated.size is 1: one lost disk loses data. See [base.yaml:2](1)."
    assert [(r["id"], r["message"]["text"]) for r in first["relatedLocations"]] == [(1, "overridden here")]


def test_sarif_paths_are_escaped_uris(report: Report) -> None:
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for r in json.loads(sarif.render(report))["runs"][0]["results"]
    }
    assert "odd%20%E5%AF%8C.yaml" in uris


def test_sarif_lists_ignored_findings_as_suppressed_only_when_asked(report: Report) -> None:
    results = json.loads(sarif.render(report, (), Options(show_all=True)))["runs"][0]["results"]
    assert results[-1]["suppressions"] == [{"kind": "inSource", "justification": "old cluster"}]


def test_sarif_keeps_the_gravest_five_thousand_and_says_so(finding: Make) -> None:
    report = Report((*_many(finding, 2, "info"), *_many(finding, 4999, "error")))
    (run,) = json.loads(sarif.render(report))["runs"]
    levels = [result["level"] for result in run["results"]]
    assert (levels.count("error"), levels.count("note")) == (4999, 1)
    assert "1 finding left out" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_says_that_a_run_with_something_broken_failed(report: Report) -> None:
    (run,) = json.loads(sarif.render(replace(report, broken=("x",))))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_github_escapes_properties_and_messages(finding: Make) -> None:
    one = finding(Source("a,b:c%.yaml", "x: 1\n"), "x", message="50%\n::error::x", policy="p")
    assert github.render(Report((one,))).split("\n")[0] == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=1,endColumn=2,title=p::50%25\\n::error::x"
    )


def test_github_gives_no_columns_for_spans_over_several_lines(report: Report) -> None:
    line = next(line for line in github.render(report).split("\n") if line.startswith("::warning"))
    assert line.startswith("::warning file=clusters/prod/values.yaml,line=8,endLine=12,title=pool-not-safe::")


def test_github_shows_ten_of_a_level_and_ends_with_how_many_more(finding: Make) -> None:
    report = Report((*_many(finding, 12), *_many(finding, 10, "info"), *_many(finding, 1, "warning")))
    lines = github.render(report).rstrip("\n").split("\n")
    assert sum(line.startswith("::error") for line in lines) == 10
    assert sum(line.startswith("::warning") for line in lines) == 1
    assert sum(line.startswith("::notice") for line in lines) == 10
    assert lines[-1] == "::notice::lintkit: 3 more findings, see job summary"


def test_github_counts_paths_from_the_top_of_the_work_tree(report: Report) -> None:
    assert "file=cloud/clusters/prod/values.yaml," in github.render(report, Options(prefix="cloud/"))


def test_github_log_lines_of_a_repository_are_never_commands(finding: Make) -> None:
    source = Source("::error::.yaml", "x: 1\n" * 30)
    findings = tuple(finding(source, "x", message=f"##[error]{n}", policy=f"p{n}") for n in range(30))
    silent = (NotEvaluated("##[group]", "", "\n::error::x"),)
    for line in github.render(Report(findings, not_evaluated=silent, notes=("##[x]",))).split("\n"):
        if not line.startswith("::"):
            assert "##[" not in line
            assert not line.lstrip().startswith("::")


def test_gitlab_fingerprints_are_unique_and_stable(finding: Make) -> None:
    report = Report(tuple(f._replace(fingerprint="same") for f in _many(finding, 3)))
    prints = [item["fingerprint"] for item in json.loads(gitlab.render(report))]
    assert len(set(prints)) == 3
    assert prints[0] == "same"
    assert gitlab.render(report) == gitlab.render(report)
    assert gitlab.render(Report(())) == "[]\n"


def test_gitlab_says_the_policy_in_the_description(report: Report) -> None:
    first = json.loads(gitlab.render(report))[0]
    assert first["description"] == "pool-size-one: replicated.size is 1: one lost disk loses data"
    assert (first["severity"], first["location"]) == (
        "major",
        {"path": "clusters/prod/values.yaml", "lines": {"begin": 7, "end": 7}},
    )


def test_junit_counts_agree_with_its_cases(report: Report) -> None:
    root = ET.fromstring(junit.render(replace(report, broken=("a \x01 & b",)), Options(show_all=True)))
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == sum(len(case.findall(tag)) for case in cases)


def test_checkstyle_has_a_file_for_each_path_and_says_what_is_not_a_place(report: Report) -> None:
    root = ET.fromstring(checkstyle.render(replace(report, broken=("policy a is broken",)), Options(prefix="cloud")))
    files = {file.get("name"): file.findall("error") for file in root}
    assert root.get("version") == "4.3"
    assert len(files) == len(root)
    first = files["cloud/clusters/prod/values.yaml"][0]
    assert (first.get("line"), first.get("column"), first.get("severity")) == ("7", "15", "error")
    assert first.get("source") == "lintkit.pool-size-one"
    assert sum(len(f) for name, f in files.items() if name != "lintkit") == len(report.findings)
    assert [(e.get("severity"), e.get("source")) for e in files["lintkit"]] == [("error", "lintkit.broken")]


def test_junit_skips_what_was_not_evaluated(report: Report) -> None:
    root = ET.fromstring(junit.render(report))
    skipped = [case.attrib["name"] for case in root.iter("testcase") if case.find("skipped") is not None]
    assert skipped == ["pool-shrinks", "role-without-node, selector-matches-no-node"]


def test_rdjson_columns_count_bytes_of_the_file(finding: Make) -> None:
    source = Source("a.yaml", "\ufeff\u5bcc: \U0001f600x\n\u00e9: x\n")
    first, second = finding(source, "x"), finding(source, "x\n\u00e9: x")
    (one,) = json.loads(rdjson.render(Report((first,))))["diagnostics"]
    assert one["location"]["range"] == {"start": {"line": 1, "column": 13}, "end": {"line": 1, "column": 14}}
    (two,) = json.loads(rdjson.render(Report((second,))))["diagnostics"]
    assert two["location"]["range"]["end"] == {"line": 2, "column": 6}


def test_rdjson_suggests_a_whole_fix_or_none(finding: Make) -> None:
    source, other = Source("a.yaml", "a: 1\nb: 2\nc: 3\n"), Source("b.yaml", "")
    near = Fix("t", True, (Edit(source, 13, 14, "7"), Edit(source, 3, 4, "8")))
    far = Fix("t", True, (Edit(source, 3, 4, "8"), Edit(other, 0, 0, "x")))
    (one,) = json.loads(rdjson.render(Report((finding(source, "b", fix=near),))))["diagnostics"]
    assert one["suggestions"] == [
        {"range": {"start": {"line": 1, "column": 4}, "end": {"line": 3, "column": 5}}, "text": "8\nb: 2\nc: 7"}
    ]
    (two,) = json.loads(rdjson.render(Report((finding(source, "b", fix=far),))))["diagnostics"]
    assert "suggestions" not in two


def test_markdown_is_cut_at_its_limit_and_says_how_much_is_missing(finding: Make) -> None:
    findings = _many(finding, 9000, message="\u5bcc" * 60)
    text = markdown.render(Report(findings, files=1, not_evaluated=(NotEvaluated("p", "", "no osds"),)))
    shown = text.count("\n| error |")
    assert 800 * 1024 < len(text.encode()) <= 900 * 1024
    assert f"Cut at 900 KiB: {9000 - shown} more findings not shown." in text
    assert "- not evaluated: p: no osds" in text


def test_a_change_summary_is_cut_at_its_limit_and_says_so(finding: Make) -> None:
    pools = tuple(Changed("pool", f"pool-{n}", "changed", (Turn("size", str(n), "2"),)) for n in range(20000))
    summary = ChangeSummary((EnvironmentChange("prod", pools),))
    text = markdown.render(Report(_many(finding, 9000, message="\u5bcc" * 60), files=1, changes=summary))
    assert len(text.encode()) <= 900 * 1024
    assert "| pool | `pool-1` | size 1 \u2192 2 |" in text
    assert "Cut at 256 KiB: more changes not shown." in text
    assert "more findings not shown." in text


def test_markdown_shows_text_of_a_repository_literally() -> None:
    assert markdown_text.escape("a|b `c` <img> @me [x](y) #1\n") == "a\\|b \\`c\\` &#60;img&#62; &#64;me \\[x\\](y) &#35;1\\\\n"
    assert markdown_text.code("a`b|c") == "``a`b\\|c``"
    assert markdown_text.code("`") == "`` ` ``"


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=40), at=st.integers(0, 40))
def test_any_text_in_any_field_gives_printable_output_that_can_be_encoded(name: str, text: str, at: int, finding: Make) -> None:
    source = Source(f"p{text}", "x: 1\n" + text)
    edge = min(at, len(source.text))
    one = finding(
        source,
        "x",
        message=text,
        why=text,
        remedy=text,
        origin=text,
        resource_path=text,
        environments=(text,),
        fingerprint=text,
        related=(Related(Place(source, 0, edge), text),),
        fix=Fix(text, True, (Edit(source, edge, edge, text),)),
    )
    report = Report(
        (one,),
        (IgnoredFinding(one, text, "config"),),
        (one,),
        not_evaluated=(NotEvaluated(text, text, text),),
        broken=(text,),
        notes=(text,),
        environments=("a", text),
    )
    policy = PolicyInfo("pool-size-one", text, text, text, text, "error", (text,), "https://example.org/")
    out = FORMATS[name](report, (policy,), Options(show_all=True, statistics=True))
    out.encode("utf-8")
    assert not [c for c in out if is_unseen(c) and c != "\n"]
    if name in {"json", "sarif", "gitlab", "rdjson"}:
        json.loads(out)
    if name in {"junit", "checkstyle"}:
        ET.fromstring(out)
