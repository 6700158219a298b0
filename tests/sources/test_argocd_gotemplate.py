"""Templates of ApplicationSets: what Go and fasttemplate would print, and where it stands."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lintkit.sources.argocd.functions import TemplateError, to_yaml
from lintkit.sources.argocd.gotemplate import Mode, file_map, render, render_document, render_scalar
from lintkit.sources.argocd.params import Opaque, Params, combine, data, flat, go_float, normalized, path_params
from lintkit.text.source import Source
from lintkit.yamldoc.compose import documents
from lintkit.yamldoc.document import place_of
from lintkit.yamldoc.node import Mapping, Scalar, Unknown, lookup
from lintkit.yamldoc.scalars import plain_value

GO = Mode(go=True)
STRICT = Mode(go=True, strict=True)
FAST = Mode(go=False)
PARAMS: Params = {
    "name": "Prod-1",
    "n": 3.0,
    "big": 1000000.0,
    "on": True,
    "off": False,
    "list": ["a", "b"],
    "map": {"x": {"y": "deep"}, "a": "1"},
    "path": {"path": "apps/core/nova", "basename": "nova", "segments": ["apps", "core", "nova"]},
    "sealed": Opaque("encrypted value"),
}


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ .name }}-x", "Prod-1-x"),
        ("{{.path.basename}}", "nova"),
        ("{{ index .path.segments 1 }}", "core"),
        ('{{ index .map "a" }}', "1"),
        ("{{ .n }}/{{ .big }}/{{ .on }}", "3/1e+06/true"),
        ("{{ .name | lower | quote }}", '"prod-1"'),
        ('{{ .gone | default "d" }}', "d"),
        ('{{ default "d" .name }}', "Prod-1"),
        ('{{ .name | trimPrefix "Prod-" }}', "1"),
        ('{{ .name | replace "-" "_" | upper }}', "PROD_1"),
        ('{{ normalize "A_b.C" }}', "a-b.c"),
        ('{{ printf "%s-%03d" .name 7 }}', "Prod-1-007"),
        ('{{ if eq .name "Prod-1" }}yes{{ else }}no{{ end }}', "yes"),
        ("{{ if .off }}a{{ else if .on }}b{{ else }}c{{ end }}", "b"),
        ("{{ range .list }}[{{ . }}]{{ end }}", "[a][b]"),
        ("{{ range $i, $v := .list }}{{ $i }}={{ $v }},{{ end }}", "0=a,1=b,"),
        ("{{ range $k, $v := .map.x }}{{ $k }}:{{ $v }}{{ $.n }}{{ end }}", "y:deep3"),
        ("{{ with .map.x }}{{ .y }}{{ end }}", "deep"),
        ("{{ with .gone }}a{{ else }}b{{ end }}", "b"),
        ("{{ $x := .name }}{{ $x }}", "Prod-1"),
        ("{{ $x := 1 }}{{ if .on }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ('{{ dig "x" "y" "none" .map }}{{ dig "x" "z" "none" .map }}', "deepnone"),
        ('{{ if and (hasKey . "name") (not (hasKey . "zz")) }}k{{ end }}', "k"),
        ("a  {{- /* a }} comment */ -}}  b", "ab"),
        ("a {{- .n -}} b", "a3b"),
        ("{{ .map | toYaml | nindent 2 }}", '\n  a: "1"\n  x:\n    "y": deep'),
        ("{{ .list | toJson }}", '["a","b"]'),
        ('{{ (index .list 0) }}{{ ternary "t" "f" .on }}', "at"),
    ],
)
def test_go_templates_print_what_go_prints(template: str, wanted: str) -> None:
    assert render(template, PARAMS, GO) == wanted


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ .gone }}", "not given"),
        ("{{ .name.first }}", "has no first"),
        ("{{ lookup .name }}", "function lookup"),
        ("{{ .sealed }}", "encrypted value"),
        ("{{ .sealed | quote }}", "encrypted value"),
        ('{{ template "x" . }}', "keyword template"),
        ("{{ if .on }}a", "without its end"),
        ("{{ end }}", "without its block"),
        ("{{ .name ", "never ends"),
        ("{{ .name | }}", "the expression"),
        ('{{ nindent 100000 "x" }}', "indentation"),
        ("{{ range $.list }}" * 30 + "x" + "{{ end }}" * 30, "length of the template's loops"),
    ],
)
def test_what_cannot_be_told_says_why(template: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        render(template, PARAMS, GO)


def test_a_missing_key_is_false_unless_missingkey_is_error() -> None:
    assert render("{{ if .gone }}a{{ else }}b{{ end }}", PARAMS, GO) == "b"
    with pytest.raises(TemplateError, match=r"\.gone that is not given"):
        render("{{ if .gone }}a{{ else }}b{{ end }}", PARAMS, STRICT)


def test_fasttemplate_replaces_flat_names() -> None:
    params = flat({"metadata": {"labels": {"x": "l"}}, "n": 2.0, "seq": ["q"]}) | {"path[0]": "apps"}
    assert render("{{metadata.labels.x}}-{{ n }}-{{seq.0}}-{{path[0]}}", params, FAST) == "l-2-q-apps"
    with pytest.raises(TemplateError, match="parameter other that is not given"):
        render("{{other}}", params, FAST)


def test_numbers_print_as_go_prints_float64() -> None:
    shown = [go_float(x) for x in (0.0, 1.0, 999999.0, 1e6, 356136738.0, 0.5, -2.25, 0.0001, 0.00001, 1e21)]
    assert shown == ["0", "1", "999999", "1e+06", "3.56136738e+08", "0.5", "-2.25", "0.0001", "1e-05", "1e+21"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back_as_itself(value: float) -> None:
    assert float(go_float(value)) == value


@given(st.text(max_size=40).filter(lambda s: "{{" not in s))
def test_text_without_templates_stays_as_it_is(text: str) -> None:
    assert render(text, PARAMS, GO) == text
    # a brace right before the template would make it another one
    assert render(text + "|{{ .n }}", PARAMS, GO) == text + "|3"


@given(st.text(max_size=60))
def test_rendering_any_text_gives_text_or_a_reason(text: str) -> None:
    for mode in (GO, STRICT, FAST):
        with contextlib.suppress(TemplateError):
            assert isinstance(render("{{" + text, PARAMS, mode), str)


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
short = st.dictionaries(st.text("ab", max_size=2), st.text(max_size=2))
values = st.recursive(
    st.none() | st.booleans() | st.floats(-1e9, 1e9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, max_size=3),
    max_leaves=12,
)


@given(values)
def test_what_to_yaml_writes_reads_back_as_the_same_data(value: object) -> None:
    docs = documents(Source("x.yaml", "v:\n" + "\n".join("  " + line for line in to_yaml(value).split("\n"))))  # type: ignore[arg-type]
    assert docs[0].trouble is None
    assert data(lookup(docs[0].root, "v")) == value


@given(short, short)
def test_combining_flat_parameters_is_an_update(low: dict[str, str], high: dict[str, str]) -> None:
    assert combine({**low}, {**high}) == {**low, **high}


def test_path_parameters_are_those_of_the_git_generator() -> None:
    assert path_params("apps/My_App/c.json", "", go=True, file=True) == {
        "path": {
            "path": "apps/My_App",
            "basename": "My_App",
            "basenameNormalized": "my-app",
            "filename": "c.json",
            "filenameNormalized": "c.json",
            "segments": ["apps", "My_App"],
        }
    }
    flat_ones = path_params("apps/nova", "g", go=False, file=False)
    assert flat_ones["g.path"] == "apps/nova"
    assert (flat_ones["g.path.basename"], flat_ones["g.path[1]"]) == ("nova", "nova")
    assert normalized("-A" * 200) == ("-a" * 200)[:253].strip("-.")


def scalar(text: str, *path: str) -> Scalar:
    node = lookup(documents(Source("set.yaml", text))[0].root, *path)
    assert isinstance(node, Scalar)
    return node


def test_a_rendered_scalar_stands_where_its_template_stands_and_is_a_string() -> None:
    node = scalar("a: 1{{ .n }}\n", "a")
    made = render_scalar(node, PARAMS, GO)
    assert isinstance(made, Scalar)
    assert (made.value, made.start, made.end) == ("13", node.start, node.end)
    assert place_of(made).source.text[made.start : made.end] == "1{{ .n }}"


def test_a_scalar_that_cannot_be_rendered_is_unknown_and_shows_its_expression() -> None:
    made = render_scalar(scalar("a: '{{ .gone }}'\n", "a"), PARAMS, STRICT)
    assert isinstance(made, Unknown)
    assert "template expression {{ .gone }}" in made.reason


PATCH = """\
spec:
  templatePatch: |
    spec:
      {{- if .on }}
      path: fixed/here
      {{- end }}
      name: '{{ .name }}-tail'
      lost: {{ lookup "x" }}
      flag: {{ .off }}
"""


def test_nodes_of_a_rendered_patch_stand_on_their_lines_of_the_template() -> None:
    node = scalar(PATCH, "spec", "templatePatch")
    doc = render_document(node, file_map(node), PARAMS, GO)
    assert doc.trouble is None
    path, name = lookup(doc.root, "spec", "path"), lookup(doc.root, "spec", "name")
    assert path is not None
    assert name is not None
    place = place_of(path)
    assert PATCH[place.start : place.end] == "fixed/here"
    assert place_of(name).first.line == 7
    assert PATCH[place_of(name).start : place_of(name).end] == "'{{ .name }}-tail'"
    assert place.locked
    flag = lookup(doc.root, "spec", "flag")
    assert isinstance(flag, Scalar)
    assert flag.value is False
    lost = lookup(doc.root, "spec", "lost")
    assert isinstance(lost, Unknown)
    assert place_of(lost).first.line == 8


def test_a_condition_nobody_can_decide_makes_the_whole_patch_unknown() -> None:
    node = scalar("p: |\n  {{ if lookup 1 }}a: 1{{ end }}\n", "p")
    with pytest.raises(TemplateError, match="function lookup"):
        render_document(node, file_map(node), PARAMS, GO)


def test_plain_text_keeps_its_style_when_it_stays_a_string() -> None:
    made = render_scalar(scalar("a: v{{ .n }}\n", "a"), PARAMS, GO)
    assert isinstance(made, Scalar)
    assert made.style == ""
    assert isinstance(plain_value(made.text), str)
    assert not isinstance(made, Mapping)
