"""Human output: frames, reasons, fixes, and what it never prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lintkit.finding import Finding, Fix, NotEvaluated, Report, ResourceId, Skipped
from lintkit.report.diff import DiffLine, diff_lines
from lintkit.report.frame import cells, frame
from lintkit.report.human import render
from lintkit.report.info import PolicyInfo
from lintkit.report.plain import is_unseen, visible
from lintkit.report.tally import fix_line, named_resource, silences
from lintkit.text.edits import Edit
from lintkit.text.source import Place, Source

Make = Callable[..., Finding]


def _show(*findings: Finding, width: int = 80, environments: tuple[str, ...] = ("prod",)) -> list[str]:
    return render(Report(findings=findings, files=1, environments=environments), color=False, width=width).split("\n")


def test_a_tab_and_wide_characters_keep_the_carets_below_the_span(finding: Make, odd_sources: dict[str, Source]) -> None:
    lines = _show(finding(odd_sources["crlf"], "\u58eb"))
    at = lines.index("2 |     name: \u5bcc\u58eb\u5c71")
    assert lines[at + 1] == "  |             ^^"


def test_an_astral_character_gets_two_carets(finding: Make, odd_sources: dict[str, Source]) -> None:
    lines = _show(finding(odd_sources["crlf"], "\U0001f600"))
    at = lines.index("3 |   mood: '\U0001f600' # ok")
    assert lines[at + 1] == "  |          ^^"


def test_a_carriage_return_of_a_line_end_is_not_shown(finding: Make, odd_sources: dict[str, Source]) -> None:
    assert "4 |   size: 1" in _show(finding(odd_sources["crlf"], "1\r\n"))


def test_a_combining_character_takes_no_caret_of_its_own() -> None:
    source = Source("a", "ke\u0301y: x")
    assert frame(Place(source, 0, 4), 80)[0][1:] == ("ke\u0301y: x", 0, 3)
    assert frame(Place(source, 2, 3), 80)[0][1:] == ("ke\u0301y: x", 1, 2)


def test_a_long_line_is_cut_around_the_span(finding: Make, odd_sources: dict[str, Source]) -> None:
    lines = _show(finding(odd_sources["long"], "TARGET"), width=60)
    line = next(line for line in lines if "TARGET" in line and line.startswith("2 |"))
    carets = lines[lines.index(line) + 1]
    assert line.startswith("2 | \u2026")
    assert line.endswith("\u2026")
    assert len(line) <= 60
    assert line[carets.index("^") : carets.index("^") + 6] == "TARGET"
    assert carets.count("^") == 6


def test_a_span_at_the_start_of_a_long_line_is_not_cut_before_it(finding: Make, odd_sources: dict[str, Source]) -> None:
    lines = _show(finding(odd_sources["long"], "list"), width=60)
    assert any(line.startswith("2 | list: [item-0,") and line.endswith("\u2026") for line in lines)


def test_many_lines_are_shown_as_first_lines_an_ellipsis_and_the_last() -> None:
    source = Source("a", "".join(f"k{n}: {n}\n" for n in range(20)) + "\n\n")
    rows = frame(Place(source, 0, len(source.text)), 80)
    assert [row.number for row in rows] == [1, 2, 3, 4, 0, 20]


def test_a_span_that_ends_where_a_line_starts_does_not_show_that_line() -> None:
    source = Source("a", "a: 1\nb: 2\n")
    assert [row.text for row in frame(Place(source, 0, 5), 80)] == ["a: 1"]


def test_an_empty_span_gets_one_caret_also_at_the_end_of_the_file() -> None:
    source = Source("a", "a: 1\n")
    assert frame(Place(source, 3, 3), 80)[0][1:] == ("a: 1", 3, 4)
    assert frame(Place(source, 5, 5), 80) == ((2, "", 0, 1),)


@pytest.mark.parametrize("color", [True, False])
def test_control_characters_of_a_repository_are_never_printed(color: bool, finding: Make) -> None:
    bad = "\x1b]0;owned\x07\x9b31m\u202e\u2028\x00\r\n"
    source = Source(f"pa{bad}th.yaml", f"a: x{bad}y: z\n")
    one = finding(
        source,
        "x",
        policy=f"p{bad}",
        message=f"m{bad}",
        why=f"w{bad}",
        origin=bad,
        environments=(f"e{bad}",),
        fix=Fix(f"t{bad}", True, (Edit(source, 3, 4, bad),)),
    )
    report = Report((one,), not_evaluated=(NotEvaluated(bad, bad, bad),), skipped=(Skipped(bad, 1),), broken=(bad,), notes=(bad,))
    text = render(report, color=color, width=80, show_all=True, statistics=True)
    plain = re.sub("\x1b\\[[0-9;]*m", "", text) if color else text
    assert not [c for c in plain if is_unseen(c) and c != "\n"]
    assert "\\x1b]0;owned\\x07" in plain


def test_links_are_written_only_when_asked_and_only_to_plain_addresses(report: Report) -> None:
    good, bad = (
        PolicyInfo("pool-size-one", "f", "t", url="https://example.org/x"),
        PolicyInfo("name-wide", "f", "t", url="https://e\x1b/"),
    )
    text = render(report, color=False, width=80, links=True, policies=(good, bad))
    assert "\x1b]8;;https://example.org/x\x1b\\pool-size-one\x1b]8;;\x1b\\" in text
    assert "\x1b" not in render(report, color=False, width=80, policies=(good, bad))
    assert text.count("https://e/") == 0


def test_a_page_is_printed_once_where_links_are_not_possible(report: Report, policies: Sequence[PolicyInfo]) -> None:
    assert render(report, color=False, width=80, policies=policies).count("see: https://example.org/p1") == 1


def test_environments_are_named_only_when_the_run_knows_several(finding: Make, odd_sources: dict[str, Source]) -> None:
    one = finding(odd_sources["pools"], "size: 1")
    assert "  environments: prod" not in _show(one)
    assert "  environments: prod" in _show(one, environments=("prod", "stage"))


def test_the_last_lines_say_what_was_found_and_what_was_not_judged(report: Report) -> None:
    assert render(report, color=False, width=80).rstrip("\n").split("\n")[-8:] == [
        "2 errors, 1 warning, 1 info in 212 files, 2 environments",
        "not evaluated: pool-shrinks: no base revision",
        "not evaluated: role-without-node, selector-matches-no-node (prod, stage): no node inventory",
        "skipped: chart template (41), encrypted (2)",
        "unknown: 3 values that cannot be read here",
        "ignored: 1 finding (1 by comment)",
        "resolved: 1 finding of the base",
        "fixes: 1 safe fix with --fix, 1 more with --unsafe-fixes",
    ]


def test_nothing_found_is_one_line_and_what_was_not_evaluated() -> None:
    report = Report((), files=3, environments=("prod",), not_evaluated=(NotEvaluated("a", "prod", "no osds"),))
    assert render(report, color=False, width=80) == "Nothing found in 3 files, 1 environment.\nnot evaluated: a (prod): no osds\n"


def test_policies_and_environments_with_one_reason_are_joined() -> None:
    items = (NotEvaluated("b", "x", "r"), NotEvaluated("a", "x", "r"), NotEvaluated("a", "y", "r"), NotEvaluated("a", "x", "q"))
    assert silences(Report((), not_evaluated=items)) == ((("a",), ("x",), "q"), (("a", "b"), ("x", "y"), "r"))


def test_many_subjects_of_one_reason_are_one_line_that_names_three() -> None:
    items = tuple(NotEvaluated("a", "x", f"Pool/ns/p{i}: size is a string") for i in range(5))
    (silence,) = silences(Report((), not_evaluated=items))
    assert silence.reason == "size is a string (Pool/ns/p0, Pool/ns/p1, Pool/ns/p2 and 2 more)"


def test_many_policies_of_one_reason_are_counted() -> None:
    items = tuple(NotEvaluated(f"p{i}", "x", "no base revision") for i in range(8))
    text = render(Report((), not_evaluated=items, files=1, environments=("x",)), color=False, width=80)
    assert "not evaluated: p0, p1, p2, 5 more policies (x): no base revision" in text


def test_a_reason_about_environments_is_one_line() -> None:
    items = tuple(NotEvaluated("p", name, f"Environment/{name}: no sizes") for name in ("a", "b"))
    (silence,) = silences(Report((), not_evaluated=items))
    assert (silence.environments, silence.reason) == (("a", "b"), "no sizes")


def test_many_environments_are_counted(finding: Make, odd_sources: dict[str, Source]) -> None:
    clouds = tuple(f"cloud-{i:02}" for i in range(40))
    items = tuple(NotEvaluated("p", cloud, "no node inventory") for cloud in clouds)
    found = finding(odd_sources["pools"], "size: 1", environments=clouds)
    text = render(Report((found,), not_evaluated=items, files=1, environments=clouds), color=False, width=200)
    assert "not evaluated: p (cloud-00, cloud-01, cloud-02, 37 more environments): no node inventory" in text
    assert text.count("cloud-00, cloud-01, cloud-02, 37 more environments") == 2
    assert "cloud-03" not in text


def test_a_fix_that_two_findings_offer_counts_once(finding: Make, odd_sources: dict[str, Source]) -> None:
    source = odd_sources["pools"]
    fix = Fix("t", True, (Edit(source, 0, 1, "x"),))
    assert fix_line([finding(source, "size: 1", fix=fix), finding(source, "size: 2", fix=fix)]) == "1 safe fix with --fix"
    assert fix_line([finding(source, "size: 1", fix=fix._replace(safe=False))]) == "1 unsafe fix with --unsafe-fixes"
    assert fix_line([finding(source, "size: 1", fix=fix._replace(edits=(), blocked="alias"))]) == ""


def test_a_fix_shows_the_changed_lines_with_one_line_around() -> None:
    source = Source("a.yaml", "a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n")
    lines = diff_lines(Fix("t", True, (Edit(source, 9, 10, "5"),)), "a.yaml", 80)
    assert lines == ((" ", "a: 1"), ("-", "b: 2"), ("+", "b: 5"), (" ", "c: 3"))


def test_a_fix_names_the_place_of_edits_elsewhere() -> None:
    source, other = Source("a.yaml", "".join(f"{n}: x\n" for n in range(30))), Source("new.yaml", "")
    fix = Fix(
        "t",
        True,
        (Edit(source, 0, 1, "9"), Edit(source, 5 * 20 + 10 + 10, 5 * 20 + 10 + 10, "y"), Edit(other, 0, 0, "kind: A\n")),
    )
    shown = diff_lines(fix, "a.yaml", 80)
    assert [line.text for line in shown if line.sign == "@"] == ["a.yaml:1", "a.yaml:22", "new.yaml:1"]
    assert shown[-1] == DiffLine("+", "kind: A")


def test_a_long_fix_is_cut_and_says_so() -> None:
    source = Source("a.yaml", "a: 1\n")
    for count in (100, 5000):
        shown = diff_lines(Fix("t", True, (Edit(source, 5, 5, "b: 2\n" * count),)), "a.yaml", 80)
        assert len(shown) == 14
        assert shown[-1].sign == "@"
        assert shown[-1].text.endswith("more lines")


def test_overlapping_edits_are_said_not_raised() -> None:
    source = Source("a.yaml", "a: 1\n")
    assert diff_lines(Fix("t", True, (Edit(source, 0, 3, "x"), Edit(source, 1, 2, "y"))), "a.yaml", 80) == (
        ("@", "these edits overlap"),
    )


TEXT = st.text(
    st.characters(codec=None, exclude_categories=()) | st.sampled_from("\t\n\r\u200d\ufe0f\u0301\u5bcc\U0001f600\u2764 ab"),
    max_size=300,
)


@given(TEXT, st.integers(0, 300), st.integers(0, 300), st.integers(8, 100))
def test_a_frame_fits_its_width_and_prints_nothing_unseen(text: str, a: int, b: int, width: int) -> None:
    source = Source("a", text)
    start, end = sorted((min(a, len(source.text)), min(b, len(source.text))))
    rows = frame(Place(source, start, end), width)
    assert 1 <= len(rows) <= 6
    for row in rows:
        assert cells(row.text) <= width
        assert not [c for c in row.text if is_unseen(c)]
        assert 0 <= row.start < row.end <= width + 1


@given(
    st.text("ab \u5bcc\U0001f600\u00e9\x1b", max_size=30),
    st.text("xy\u58eb", min_size=1, max_size=8),
    st.text("ab\u5bcc", max_size=200),
)
def test_carets_stand_below_the_span(before: str, span: str, after: str) -> None:
    source = Source("a", before + span + after)
    row = frame(Place(source, len(before), len(before) + len(span)), 200)[0]
    assert row.start == cell_len(visible(before))
    assert row.end == row.start + cell_len(span)


@given(st.integers(0, 3000), st.integers(20, 120))
def test_a_cut_line_still_shows_where_its_span_starts(at: int, width: int) -> None:
    source = Source("a", "-" * at + "X" + "-" * 1500)
    row = frame(Place(source, at, at + 1), width)[0]
    assert row.text[row.start] == "X"
    assert row.end == row.start + 1


def test_a_resource_whose_name_cannot_be_read_is_said_to_be_one(finding: Make, odd_sources: dict[str, Source]) -> None:
    found = finding(odd_sources["crlf"], "name")._replace(resource=ResourceId("Deployment", "shop", ""))
    assert named_resource(found) == "Deployment shop/(name unknown)"
    assert any("resource: Deployment shop/(name unknown)" in line for line in _show(found))
    assert named_resource(found._replace(resource=ResourceId("", "", ""))) == ""
