"""Traps of YAML: what a person reads and a cluster reads differently is found where it is written, with its fix."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lintkit.finding import Finding
from lintkit.run import Options, check
from lintkit.text.edits import apply_edits
from lintkit.text.source import Source
from lintkit.traps.broken import invalid_yaml
from lintkit.traps.walk import traps
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.embed import embed
from lintkit.yamldoc.node import Scalar, lookup
from lintkit.yamldoc.plain import plain


def found(text: str) -> list[Finding]:
    return [f for doc in documents(Source("a.yaml", text)) for f in traps(doc)]


def said(text: str) -> list[tuple[str, int, int, str]]:
    return sorted((f.policy, f.place.first.line, f.place.first.column, f.message) for f in found(text))


def fixed(text: str) -> str:
    edits = [edit for f in found(text) if f.fix for edit in f.fix.edits]
    assert edits
    return apply_edits(text, edits)


@pytest.mark.parametrize(
    ("text", "place", "message", "after"),
    [
        ("annotations: {a: on}\n", (1, 18), "on is read as the boolean true", 'annotations: {a: "on"}\n'),
        ("nodeSelector:\n  a: yes\n", (2, 6), "yes is read as the boolean true", 'nodeSelector:\n  a: "yes"\n'),
        ("podLabels:\n  mode: 0644\n", (2, 9), "0644 is read as the number 420", 'podLabels:\n  mode: "0644"\n'),
        ("matchLabels: {a: 0o17}\n", (1, 18), "0o17 is read as the number 15", 'matchLabels: {a: "0o17"}\n'),
        ("image:\n  tag: 1.20\n", (2, 8), "1.20 is read as the number 1.2", 'image:\n  tag: "1.20"\n'),
        ("image: {tag: 12e4}\n", (1, 14), "12e4 is read as the number 120000", 'image: {tag: "12e4"}\n'),
        ("c: {chart: x, version: 2.0}\n", (1, 24), "2.0 is read as the number 2", 'c: {chart: x, version: "2.0"}\n'),
        (
            "extraEnv:\n- {name: A, value: No}\n",
            (2, 20),
            "No is read as the boolean false",
            'extraEnv:\n- {name: A, value: "No"}\n',
        ),
    ],
)
def test_text_that_arrives_in_other_characters_is_quoted(text: str, place: tuple[int, int], message: str, after: str) -> None:
    (finding,) = found(text)
    assert (finding.policy, finding.place.first[:2]) == ("unquoted-string", place)
    assert finding.message == f"{message}, and text is meant here"
    assert finding.fix is not None
    assert not finding.fix.safe
    assert fixed(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "annotations: {a: 'on', b: \"0644\", c: word, d: null, e: 3, f: true}\n",
        "debug: on\nmode: 0644\nratio: 1.20\n",
        "image: {tag: 1.2}\n",
        "version: 2.0\n",
        "labels:\n  api: {enabled: on}\n  enabled: on\n",
        "1: a\n443: b\n'on': c\n~: d\nx: &a 1\n<<: {y1: 2}\n",
        "settings:\n- {name: A, value: on}\n",
        "annotations: {a: '{{ x }}', b: on-site, c: 1.2.0}\n",
        "annotations: !!str on\n",
        "annotations: {a: !!str on}\n",
    ],
)
def test_what_arrives_as_it_is_written_or_is_no_text_is_silent(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "message", "after"),
    [
        ("gridPos: {x: 0, y: 8}\n", "the key y arrives as true", 'gridPos: {x: 0, "y": 8}\n'),
        ("data:\n  NO: Oslo\n", "the key NO arrives as false", 'data:\n  "NO": Oslo\n'),
        ("modes: {0777: all}\n", "the key 0777 arrives as 511", 'modes: {"0777": all}\n'),
        ("- 1.20: x\n", "the key 1.20 arrives as 1.2", '- "1.20": x\n'),
    ],
)
def test_a_key_that_arrives_as_another(text: str, message: str, after: str) -> None:
    (finding,) = found(text)
    assert (finding.policy, finding.message) == ("unquoted-string", message)
    assert fixed(text) == after


@pytest.mark.parametrize(
    ("number", "arrives"),
    [
        ("9223372036854775808", "9.22337203685478e+18"),
        ("-9223372036854775809", "-9.22337203685478e+18"),
        ("123456789012345678901234", "1.23456789012346e+23"),
    ],
)
def test_a_whole_number_beyond_64_bits(number: str, arrives: str) -> None:
    text = f"id: {number}  # of the account\n"
    assert said(text) == [("oversized-integer", 1, 5, f"{number} does not fit 64 bits: {arrives} arrives")]
    assert fixed(text) == f'id: "{number}"  # of the account\n'


@pytest.mark.parametrize(
    "number", ["9223372036854775807", "-9223372036854775808", "'123456789012345678901'", "1234567890123456789.5"]
)
def test_a_number_that_fits_or_is_text_or_no_whole_one(number: str) -> None:
    assert said(f"id: {number}\n") == []


@pytest.mark.parametrize(
    ("text", "policy", "message", "after"),
    [
        (
            "si\u200bze: 3\n",
            "invisible-character",
            "the key 'size' holds the zero width space (U+200B), so it is another key",
            "size: 3\n",
        ),
        (
            "size\u00a0: 3\n",
            "invisible-character",
            "the key 'size' holds the no-break space (U+00A0), so it is another key",
            "size: 3\n",
        ),
        (
            "a: 1\nsiz\ufeffe: 3\n",
            "invisible-character",
            "the key 'size' holds the byte order mark (U+FEFF), so it is another key",
            "a: 1\nsize: 3\n",
        ),
        (
            "name: worker-1\u200b\n",
            "invisible-character",
            "the value 'worker-1' holds the zero width space (U+200B), so it is another value",
            "name: worker-1\n",
        ),
        (
            "\u0441onf: 1\n",
            "look-alike-key",
            "the key that looks like 'conf' holds the cyrillic small letter es (U+0441), so it is another key",
            "conf: 1\n",
        ),
    ],
)
def test_a_word_that_is_not_what_it_looks_like(text: str, policy: str, message: str, after: str) -> None:
    (finding,) = found(text)
    assert (finding.policy, finding.message) == (policy, message)
    assert fixed(text) == after


def test_the_twin_of_a_look_alike_is_named_and_nothing_is_renamed() -> None:
    (finding,) = found("size: 1\nsi\u200bze: 3\n")
    assert (finding.place.first.line, finding.fix) == (2, None)
    assert [(r.place.first.line, r.message) for r in finding.related] == [(1, "the key size")]
    (finding,) = found("caf\u00e9: 1\ncafe\u0301: 3\n")
    assert (finding.policy, finding.place.first.line, finding.fix) == ("look-alike-key", 2, None)


def test_an_odd_space_that_was_meant_to_indent_is_not_removed() -> None:
    (finding,) = found("a: 1\n\u00a0size: 3\n")
    assert (finding.policy, finding.fix) == ("invisible-character", None)


@pytest.mark.parametrize(
    "text",
    [
        "größe: 1\n",
        "размер: 1\n",
        "note: two\u00a0words\n",
        "note: \u0441\u043b\u043e\u0432\u043e\n",
        "µs: 1\n",
        "x: '👩\u200d🚀'\n",
        'a: "x\\u200b"\n',
        "می\u200cخواهم: 1\n",
        "a: |\n  x\u200b\n",
        "ratio: 10\u00a0%\n",
    ],
)
def test_words_of_other_scripts_are_no_mistakes(text: str) -> None:
    assert said(text) == []


def test_keys_that_differ_by_case_alone() -> None:
    assert said("debug: 1\nx:\n  size: 1\n  Size: 2\n") == [("case-variant-key", 4, 3, "Size and size of line 3 are two keys")]
    assert said("a: 1\nA: 2\n'size': 1\n'Size': 2\n") == []
    assert said("debug: 1\n# {{ if x }}\nDebug: 1\n# {{ end }}\n") == []


BASE = "base: &base\n  size: 1\n  class: hdd\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "after"),
    [
        (
            BASE + "pool:\n  size: 3  # three\n  <<: *base\n  name: a\n",
            (5, 3),
            "size has no effect: << in line 6 comes later and replaces it",
            BASE + "pool:\n  <<: *base\n  size: 3  # three\n  name: a\n",
        ),
        (
            BASE + "pools:\n- size: 3\n  <<: *base\n",
            (5, 3),
            "size has no effect: << in line 6 comes later and replaces it",
            BASE + "pools:\n- <<: *base\n  size: 3\n",
        ),
        (
            BASE + "fast: &fast {class: nvme}\npool:\n  <<: *fast\n  <<: *base\n",
            (6, 3),
            "class of this << has no effect: << in line 7 replaces it",
            None,
        ),
        (
            BASE + "pool:\n  <<: [*base, {size: 3}]\n",
            (5, 16),
            "size has no effect: an earlier mapping of this << list has one, which counts",
            None,
        ),
    ],
    ids=["below a key", "below the key of an item", "two merge keys", "later in a list"],
)
def test_a_merge_key_that_hides_an_override(text: str, place: tuple[int, int], message: str, after: str | None) -> None:
    (finding,) = found(text)
    assert (finding.policy, finding.place.first[:2], finding.message) == ("hidden-override", place, message)
    if after is None:
        assert finding.fix is None
    else:
        assert fixed(text) == after
        assert said(after) == []


@pytest.mark.parametrize(
    "rest",
    [
        "pool:\n  <<: *base\n  size: 3\n",
        "pool:\n  size: 1\n  <<: *base\n",
        "pool:\n  name: a\n  <<: *base\n",
        "more: &more {size: 2}\npool:\n  <<: [*more, *base]\n",
        "more: &more {size: 2}\npool:\n  <<: *more\n  <<: *base\n  size: 3\n",
        "pool:\n  '<<': *base\n  size: 3\n",
    ],
    ids=["override below", "same value", "nothing in common", "list of aliases", "own key last", "quoted"],
)
def test_merge_keys_that_hide_nothing(rest: str) -> None:
    assert [s for s in said(BASE + rest) if s[0] == "hidden-override"] == []


def test_what_helm_reads_is_what_is_said_to_count() -> None:
    helm = pytest.importorskip("helm_python")
    for text, counts in (
        (BASE + "pool:\n  size: 3\n  <<: *base\n", 1),
        (BASE + "pool:\n  <<: [*base, {size: 3}]\n", 1),
        (BASE + "fast: {size: 2}\npool:\n  <<: {size: 2}\n  <<: *base\n", 1),
    ):
        assert helm.values_from_yaml(text)["pool"]["size"] == counts
        assert [f.policy for f in found(text)] == ["hidden-override"]


@pytest.mark.parametrize(
    ("text", "after", "safe"),
    [
        ("a: 1\nb: 2\na: 3\n", "b: 2\na: 3\n", False),
        ("a: 1\nb: 2\na: 1\n", "b: 2\na: 1\n", True),
        ("x:\n  a:  # one\n    - 1\n  # of b\n  b: 2\n  a: [1]\n", "x:\n  # of b\n  b: 2\n  a: [1]\n", True),
        ("- a: 1\n  b: 2\n  a: 3\n", "- b: 2\n  a: 3\n", False),
        ("x: {a: 1, b: 2, a: 3}\n", "x: {b: 2, a: 3}\n", False),
        ("a: |\n  text\n\nb: 2\na: 1\n", "\nb: 2\na: 1\n", False),
    ],
)
def test_the_entry_without_effect_is_removed(text: str, after: str, safe: bool) -> None:
    (finding,) = (f for f in found(text) if f.policy == "duplicate-key")
    assert finding.fix is not None
    assert finding.fix.safe is safe
    assert fixed(text) == after
    assert [plain(d.root) for d in documents(Source("b.yaml", after))] == [
        plain(d.root) for d in documents(Source("a.yaml", text))
    ]


def test_an_entry_with_an_anchor_is_not_removed_nor_a_merge_key_with_one() -> None:
    (finding,) = (f for f in found("a: &a {x: 1}\nc:\n- b: 1\n  <<: *a\n  b: 1\n"))
    assert (finding.policy, finding.fix) == ("duplicate-key", None)
    (finding,) = found("a: &x 1\nb: *x\na: 3\n")
    assert (finding.policy, finding.fix) == ("duplicate-key", None)


def test_a_values_string_is_fixed_in_its_own_lines() -> None:
    text = dedent("""\
        values: |
          pod:
            a: 1
          image: {tag: 1.20}
          pod: {}
          x: 1
        """)
    (doc,) = documents(Source("a.yaml", text))
    scalar = lookup(doc.root, "values")
    assert isinstance(scalar, Scalar)
    embed(scalar)
    edits = [edit for f in traps(doc) if f.fix for edit in f.fix.edits]
    assert apply_edits(text, edits) == 'values: |\n  image: {tag: "1.20"}\n  pod: {}\n  x: 1\n'


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a:\n\tb: 1\n\tc: 2\n", "a:\n  b: 1\n  c: 2\n"),
        ("a:\n  b:\n\tc: 1\n", None),
        ("a: 1\n---\nx:\n\ty: 1\n", "a: 1\n---\nx:\n  y: 1\n"),
        ("a:\n\tb: |\n\t\tx\n\tc: [\n", None),
    ],
)
def test_a_tab_is_named_and_replaced_where_its_width_does_not_matter(text: str, after: str | None) -> None:
    broken = [f for doc in documents(Source("a.yaml", text)) if (f := invalid_yaml(doc))]
    assert all(f.message == "cannot be parsed: a tab stands here, where YAML wants spaces" for f in broken)
    (finding,) = broken
    if after is None:
        assert finding.fix is None
    else:
        assert finding.fix is not None
        assert apply_edits(text, finding.fix.edits) == after


def findings_in(root: Path, files: dict[str, str], *paths: str) -> list[tuple[str, str, int]]:
    for path, text in {".lintkit.yaml": "profile: production\n", **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    report, _ = check(Options(paths=tuple(root / p for p in paths) or (root,), select=("yaml", "schema")))
    return [(f.policy, f.span.path, f.span.start.line) for f in report.findings]


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {a: on}}\ndata:\n  a: '1'\n  a: '2'\n"


def test_a_file_that_is_named_is_read_whatever_is_in_it(tmp_path: Path) -> None:
    files = {"a/x.yaml": CONFIG_MAP, "b.yaml": "tasks:\n- x: [\n"}
    assert findings_in(tmp_path, files) == []
    assert findings_in(tmp_path, files, "a", "b.yaml") == [
        ("unquoted-string", "a/x.yaml", 3),
        ("duplicate-key", "a/x.yaml", 5),
        ("invalid-yaml", "b.yaml", 2),
    ]


def test_a_named_file_that_is_no_object_is_not_read_as_helm_reads(tmp_path: Path) -> None:
    text = "on: push\nbase: &a {x: 1}\nlabels: {x: off}\nid: 123456789012345678901\njobs: {x: 2, <<: *a}\nOn: 1\non: 2\n"
    assert findings_in(tmp_path, {"ci.yaml": text}, "ci.yaml") == [
        ("duplicate-key", "ci.yaml", 1),
        ("duplicate-key", "ci.yaml", 6),
    ]


def test_a_file_that_an_application_applies_is_read_whatever_is_in_it(tmp_path: Path) -> None:
    app = dedent("""\
        apiVersion: argoproj.io/v1alpha1
        kind: Application
        metadata: {name: x}
        spec:
          project: default
          source: {repoURL: https://git.example.org/a.git, path: parts, targetRevison: main}
          destination: {name: prod, namespace: x}
        """)
    config = "repositories: {'https://git.example.org/a.git': .}\n"
    assert findings_in(tmp_path, {"app.yaml": app, "parts/x.yaml": CONFIG_MAP, ".lintkit.yaml": config}) == [
        ("unknown-key", "app.yaml", 6),
        ("wrong-type", "parts/x.yaml", 3),
        ("duplicate-key", "parts/x.yaml", 5),
    ]


def test_the_schema_speaks_of_a_value_and_the_trap_of_what_nobody_sees(tmp_path: Path) -> None:
    pool = dedent("""\
        apiVersion: ceph.rook.io/v1
        kind: CephBlockPool
        metadata: {name: images, namespace: rook-ceph, annotations: {a: on}}
        spec:
          failureDomain: host
          replicated:
            siz\u200be: 3
            size: 3
            Size: 4
        """)
    assert findings_in(tmp_path, {"pool.yaml": pool}) == [
        ("wrong-type", "pool.yaml", 3),
        ("invisible-character", "pool.yaml", 7),
        ("unknown-key", "pool.yaml", 9),
    ]


def test_text_by_the_default_of_a_chart(tmp_path: Path) -> None:
    values = "images:\n  tags:\n    keystone_api: on\npod:\n  replicas:\n    api: 3\nlabels: {}\nendpoints: {}\nconf: {}\nmanifests: {}\n"
    files = {"keystone/values.yaml": values, "keystone/Chart.yaml": "apiVersion: v2\nname: keystone\nversion: 2025.2.6\n"}
    assert findings_in(tmp_path, files) == [("unquoted-string", "keystone/values.yaml", 3)]


def test_a_trap_can_be_ignored_and_switched_off(tmp_path: Path) -> None:
    text = CONFIG_MAP.replace("  a: '1'\n", "  a: '1'  # lintkit: ignore[duplicate-key] both are the same to us\n")
    assert findings_in(tmp_path, {"a.yaml": text}, "a.yaml") == [("unquoted-string", "a.yaml", 3)]
    off = {".lintkit.yaml": "policies: {duplicate-key: off, unquoted-string: off}\n", "a.yaml": CONFIG_MAP}
    assert findings_in(tmp_path, off, "a.yaml") == []


KEYS = ("size", "Size", "si\u200bze", "\u0441ize", "on", "name", "tag", "0777", "<<", "labels")
VALUES = (
    "1",
    "3",
    "on",
    "0644",
    "*a",
    "*b",
    "[*a, {size: 3}]",
    "123456789012345678901",
    "x\u200b",
    "|\n      text",
    "{size: 1, size: 2}",
)


@st.composite
def mappings(draw: st.DrawFn) -> str:
    pairs = draw(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), min_size=1, max_size=6))
    lead = draw(st.sampled_from(("  ", "- ")))
    lines = [f"{lead if i == 0 else '  '}{key}: {value}\n" for i, (key, value) in enumerate(pairs)]
    return "a: &a {size: 1, on: 2}\nb: &b {size: 2, name: x}\nc:\n" + "".join(lines) + "d: 1\n"


@settings(max_examples=300, deadline=None)
@given(mappings())
def test_a_fix_settles_its_finding_and_breaks_nothing(text: str) -> None:
    before = found(text)
    assume(not any(invalid_yaml(doc) for doc in documents(Source("a.yaml", text))))
    for finding in before:
        if finding.fix is None:
            continue
        after = apply_edits(text, finding.fix.edits)
        assert not any(invalid_yaml(doc) for doc in documents(Source("a.yaml", after))), after
        left = [f.policy for f in found(after)]
        assert left.count(finding.policy) < [f.policy for f in before].count(finding.policy), after
        if finding.fix.safe:
            (old,), (new,) = documents(Source("a.yaml", text)), documents(Source("a.yaml", after))
            assert plain(new.root) == plain(old.root)
