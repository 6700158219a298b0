"""What is found in an object, where, and how it is said."""

from __future__ import annotations

import pytest

from lintkit.schema.core import core_schema
from lintkit.schema.walk import inspect, shape_findings
from lintkit.yamldoc.node import Entry, Mapping, Unknown
from lintkit.yamldoc.transform import with_entries
from tests.schema.conftest import Check, body_of, line_of, schema_of, thing

POOL = """\
apiVersion: ceph.rook.io/v1
kind: CephBlockPool
metadata: {name: images, namespace: rook-ceph}
spec:
  failureDomain: host
  replicated:
    size: 3
"""
THING = "apiVersion: example.com/v1\nkind: Thing\n"


def test_a_valid_pool_is_silent(found: Check) -> None:
    assert found(POOL) == []


def test_a_misspelt_key_is_found_at_the_key_with_the_near_name(found: Check) -> None:
    assert found(POOL.replace("size", "sise")) == [
        ("unknown-key", 7, "'sise' is no key of spec.replicated; did you mean 'size'?"),
        ("missing-key", 7, "spec.replicated has no size, which is required"),
    ]


def test_the_finding_points_at_the_key_and_carries_the_bare_suggestion() -> None:
    body = body_of(POOL.replace("failureDomain", "failuredomain"))
    (finding,) = shape_findings(body, schema_of(body))
    assert finding.node.doc.text[finding.node.start : finding.node.end] == "failuredomain"
    assert finding.suggestion == "failureDomain"
    assert finding.path == ("spec", "failuredomain")


def test_a_key_one_level_too_deep_is_known_above(found: Check) -> None:
    text = POOL.replace("    size: 3\n", "    size: 3\n    deviceClass: ssd\n")
    assert found(text) == [("unknown-key", 8, "'deviceClass' is no key of spec.replicated; it is a key of spec")]


def test_a_key_one_level_too_high_is_known_below(found: Check) -> None:
    text = POOL.replace("  failureDomain: host\n", "  targetSizeRatio: 0.2\n")
    assert found(text) == [("unknown-key", 5, "'targetSizeRatio' is no key of spec; it is a key of spec.replicated")]


def test_a_key_of_another_release_is_said_to_be_one(found: Check) -> None:
    text = """\
        apiVersion: ceph.rook.io/v1
        kind: CephObjectStoreUser
        metadata: {name: a}
        spec:
          store: s
          accountRef: {name: x}
        """
    assert found(text, "1.20") == []
    assert found(text) == []
    assert found(text, "v1.18.2") == [("unknown-key", 6, "'accountRef' is no key of spec in this release; Rook 1.20 knows it")]


def test_a_key_of_the_whole_object_is_looked_at(found: Check) -> None:
    assert found(POOL.replace("spec:", "sepc:")) == [
        ("unknown-key", 4, "'sepc' is no key of CephBlockPool; did you mean 'spec'?"),
        ("missing-key", 1, "this CephBlockPool has no spec, which is required"),
    ]


def test_metadata_is_checked_lightly(found: Check) -> None:
    text = POOL.replace("namespace: rook-ceph", "namespce: x, labels: {a: 1, b: yes, c: d}, annotations: {e: null}")
    assert found(text) == [
        ("wrong-type", 3, 'metadata.labels.a is the number 1, its type is a string; did you mean "1"?'),
        ("wrong-type", 3, 'metadata.labels.b is the boolean true (written yes), its type is a string; did you mean "yes"?'),
        ("unknown-key", 3, "'namespce' is no key of metadata; did you mean 'namespace'?"),
    ]


def test_metadata_that_is_no_mapping_is_a_wrong_type(found: Check) -> None:
    assert found(POOL.replace("{name: images, namespace: rook-ceph}", "images")) == [
        ("wrong-type", 3, "metadata is the string 'images', its type is a mapping")
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'3'", "spec.replicated.size is the string '3', its type is an integer; did you mean 3?"),
        ("3.5", "spec.replicated.size is the number 3.5, its type is an integer"),
        ("yes", "spec.replicated.size is the boolean true (written yes), its type is an integer"),
        ("true", "spec.replicated.size is true, its type is an integer"),
        ("[3]", "spec.replicated.size is a list, its type is an integer"),
        ("{a: 3}", "spec.replicated.size is a mapping, its type is an integer"),
    ],
)
def test_a_wrong_type_is_found_at_the_value(found: Check, value: str, message: str) -> None:
    assert found(POOL.replace("size: 3", f"size: {value}")) == [("wrong-type", 7, message)]


@pytest.mark.parametrize("value", ["3.0", "0x3", "{{ size }}", "${SIZE}", "'<path:kv/x#y>'"])
def test_integral_floats_and_placeholders_are_accepted_for_an_integer(found: Check, value: str) -> None:
    quoted = f"'{value}'" if value[0] in "{$" else value
    assert found(POOL.replace("size: 3", f"size: {quoted}")) == []


def test_an_unknown_value_is_silent_and_not_missing() -> None:
    body = body_of(POOL)
    spec = body.index["spec"]
    hidden = Entry(spec.key, Unknown(body.doc, spec.value.start, spec.value.end, "encrypted value"))
    changed = with_entries(body, [hidden if e is spec else e for e in body.entries])
    assert shape_findings(changed, schema_of(body)) == []


def test_an_explicit_null_is_absence(found: Check) -> None:
    assert found(POOL.replace("failureDomain: host", "failureDomain:")) == []
    assert found(POOL.replace("size: 3", "size: null")) == [
        ("missing-key", 7, "size of spec.replicated is null, which is required")
    ]


def test_enums_name_the_values_and_the_near_one(found: Check) -> None:
    text = POOL.replace("failureDomain: host", "compressionMode: Passive")
    assert found(text) == [
        (
            "bad-value",
            5,
            "spec.compressionMode is the string 'Passive', possible values are none, passive, aggressive, force, '';"
            " did you mean 'passive'?",
        )
    ]


def test_bounds_of_numbers_hold(found: Check) -> None:
    text = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c}\nspec:\n  mon: {count: 10}\n"
    assert found(text) == [("bad-value", 5, "spec.mon.count is 10, its maximum is 9")]


def test_a_pattern_is_matched(found: Check) -> None:
    text = """\
        apiVersion: pxc.percona.com/v1
        kind: PerconaXtraDBCluster
        metadata: {name: db}
        spec:
          pxc:
            resources: {requests: {memory: 1 GiB, cpu: 2}}
        """
    assert [(kind, line, message[:54]) for kind, line, message in found(text)] == [
        ("bad-value", 6, "spec.pxc.resources.requests.memory is '1 GiB', which d")
    ]


def test_a_patch_lacks_nothing_and_may_hold_directives(found: Check) -> None:
    text = "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: a}\nspec:\n  $patch: replace\n  replicated: {siz: 3}\n"
    assert found(text, partial=True) == [("unknown-key", 6, "'siz' is no key of spec.replicated; did you mean 'size'?")]


def test_a_mapping_with_a_placeholder_key_lacks_nothing(checked: Check) -> None:
    schema = "type: object\nrequired: [a]\nproperties: {a: {type: string}}"
    assert checked(schema, "'${KEY}': x") == []
    assert checked(schema, "{}") == [("missing-key", 4, "spec has no a, which is required")]


def test_a_required_key_with_a_default_is_not_missing(checked: Check) -> None:
    assert checked("type: object\nrequired: [a]\nproperties: {a: {type: string, default: x}}", "{}") == []


def test_free_keys_and_preserved_unknown_fields_are_not_judged(checked: Check) -> None:
    assert checked("type: object\nx-kubernetes-preserve-unknown-fields: true\nproperties: {a: {type: string}}", "b: 1") == []
    assert checked("type: object\nadditionalProperties: {type: string}", "b: c") == []
    assert checked("type: object", "b: c") == []


def test_values_under_free_keys_are_judged(checked: Check) -> None:
    assert checked("type: object\nadditionalProperties: {type: string}", "b: 1") == [
        ("wrong-type", 4, 'spec.b is the number 1, its type is a string; did you mean "1"?')
    ]


def test_int_or_string_takes_both_and_nothing_else(checked: Check) -> None:
    schema = "type: object\nproperties: {a: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}}"
    assert checked(schema, "a: 1") == []
    assert checked(schema, "a: 1Gi") == []
    assert checked(schema, "a: 1.5") == [
        ("wrong-type", 4, 'spec.a is the number 1.5, its type is an integer or a string; did you mean "1.5"?')
    ]


def test_integer_formats_bound_the_value(checked: Check) -> None:
    schema = "type: object\nproperties: {a: {type: integer, format: int32}}"
    assert checked(schema, "a: 2147483647") == []
    assert checked(schema, "a: 2147483648") == [("bad-value", 4, "spec.a is 2147483648, which does not fit int32")]


def test_lengths_are_bounded(checked: Check) -> None:
    schema = """\
        type: object
        properties:
          a: {type: string, maxLength: 3}
          b: {type: array, minItems: 1, items: {type: string}}
          c: {type: object, maxProperties: 1, additionalProperties: {type: string}}
        """
    assert checked(schema, "a: abcd\nb: []\nc: {d: e, f: g}") == [
        ("bad-value", 4, "spec.a has 4 characters, the most is 3"),
        ("bad-value", 5, "spec.b is empty"),
        ("bad-value", 6, "spec.c has 2 keys, the most is 1"),
    ]


def test_a_null_item_of_a_list_is_a_wrong_type(checked: Check) -> None:
    assert checked("type: object\nproperties: {a: {type: array, items: {type: string}}}", "a:\n  - x\n  -\n") == [
        ("wrong-type", 6, "spec.a[1] is null, its type is a string")
    ]


def test_two_items_of_one_name_are_found_at_the_second(checked: Check) -> None:
    schema = """\
        type: object
        properties:
          a:
            type: array
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [name]
            items: {type: object, properties: {name: {type: string}}}
        """
    assert checked(schema, "a:\n  - name: x\n  - name: z\n  - name: x") == [
        ("bad-value", 7, "spec.a[2] repeats an earlier item of its list: name x")
    ]
    assert checked(schema, "a:\n  - name: ${A}\n  - name: ${A}") == []


def test_validation_rules_speak_in_our_words(found: Check) -> None:
    text = """\
        apiVersion: ceph.rook.io/v1
        kind: CephCluster
        metadata: {name: c}
        spec:
          network:
            provider: multus
            selectors: {}
        """
    assert found(text) == [("cel", 6, "spec.network: provider multus needs selectors")]
    assert found(text.replace("multus", "${P}")) == []


def test_rules_of_a_repository_speak_in_theirs(checked: Check) -> None:
    schema = """\
        type: object
        x-kubernetes-validations:
          - {rule: self.low <= self.high, message: low is above high, fieldPath: .low}
        properties: {low: {type: integer}, high: {type: integer, default: 5}}
        """
    assert checked(schema, "low: 6") == [("cel", 4, "spec: low is above high")]
    assert checked(schema, "low: 5") == []


def test_rules_wait_until_the_shape_is_right(checked: Check) -> None:
    schema = "type: object\nx-kubernetes-validations: [{rule: self.a > 1}]\nproperties: {a: {type: integer}}"
    assert [kind for kind, _, _ in checked(schema, "a: x")] == ["wrong-type"]


def test_a_rule_that_fails_is_a_note_and_no_finding() -> None:
    schema = thing("type: object\nx-kubernetes-validations: [{rule: self.nothing > 1}, {rule: '((('}, {rule: self == oldSelf}]")
    result = inspect(body_of(THING + "spec: {a: 1}"), schema)
    assert result.findings == ()
    assert [note.rpartition(" (")[0] for note in result.notes] == [
        "rule of spec is not evaluated: self.nothing > 1",
        "rule of spec is not evaluated: (((",
    ]
    assert result.waiting


ITEMS = """\
type: object
properties:
  name: {type: string, x-kubernetes-validations: [{rule: self == oldSelf, message: it stays}]}
  keyed:
    type: array
    x-kubernetes-list-type: map
    x-kubernetes-list-map-keys: [id]
    items:
      type: object
      properties:
        id: {type: string}
        size: {type: integer, x-kubernetes-validations: [{rule: self >= oldSelf, messageExpression: "'no less than %d'.format([oldSelf])"}]}
  loose:
    type: array
    items: {type: integer, x-kubernetes-validations: [{rule: self >= oldSelf}]}
"""


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("spec: {name: a}", "spec: {name: b}", [(("spec", "name"), "spec.name: it stays")]),
        ("spec: {name: a}", "spec: {name: a}", []),
        ("spec: {}", "spec: {name: b}", []),
        ("spec: {name: a}", "spec: {}", []),
        ("spec: {name: '${A}'}", "spec: {name: b}", []),
        (
            "spec: {keyed: [{id: x, size: 5}, {id: z, size: 1}]}",
            "spec: {keyed: [{id: z, size: 2}, {id: x, size: 4}]}",
            [(("spec", "keyed", 1, "size"), "spec.keyed[1].size: no less than 5")],
        ),
        ("spec: {loose: [5]}", "spec: {loose: [4]}", []),
    ],
    ids=["changed", "same", "new", "gone", "unknown before", "item of a keyed list", "item of a list without keys"],
)
def test_a_transition_rule_compares_with_what_stood_there(
    before: str, after: str, wanted: list[tuple[tuple[str | int, ...], str]]
) -> None:
    result = inspect(body_of(THING + after), thing(ITEMS), before=body_of(THING + before))
    assert [(f.path, f.message) for f in result.findings] == wanted
    assert (result.notes, result.waiting) == ((), False)


def test_a_rule_that_could_run_away_is_a_note() -> None:
    rule = "self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d < 0 || true))))"
    schema = thing(f"type: array\nitems: {{type: integer}}\nx-kubernetes-validations: [{{rule: '{rule}'}}]")
    result = inspect(body_of(THING + f"spec: {list(range(300))}"), schema)
    assert result.findings == ()
    assert [note.rpartition(" ")[2] for note in result.notes] == ["costly)"]


def test_an_object_deeper_than_any_schema_does_not_break_the_walk() -> None:
    schema = core_schema("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    if schema is None:
        pytest.skip("kubernetes-validate is not installed")
    deep = "{properties: {a: " * 150 + "{}" + "}}" * 150
    body = body_of(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"spec: {{versions: [{{schema: {{openAPIV3Schema: {deep}}}}}]}}"
    )
    assert {f.kind for f in shape_findings(body, schema)} == {"missing-key"}


def test_an_api_version_that_the_schema_lacks_is_not_judged() -> None:
    schema = thing("type: object\nproperties: {a: {type: string}}")
    assert shape_findings(body_of("apiVersion: example.com/v2\nkind: Thing\nspec: {b: 1}"), schema) == []


def test_an_object_without_api_version_is_judged_by_the_newest() -> None:
    schema = thing("type: object\nproperties: {a: {type: string}}")
    assert [f.path for f in shape_findings(body_of("kind: Thing\nspec: {b: 1}"), schema)] == [("spec", "b")]


def test_a_key_that_a_merge_brought_is_found_where_it_stands() -> None:
    schema = thing("type: object\nproperties: {a: {type: object, properties: {b: {type: string}}}}")
    body = body_of(THING + "x-base: &base {bb: 1}\nspec: {a: {<<: *base}}\n")
    lines = [(f.path, line_of(f)) for f in shape_findings(body, schema)]
    assert (("spec", "a", "bb"), 3) in lines


def test_a_core_kind_is_walked_like_any_other() -> None:
    schema = core_schema("apps/v1", "Deployment")
    if schema is None:
        pytest.skip("kubernetes-validate is not installed")
    body = body_of("""\
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: a}
        spec:
          replicas: "3"
          selector: {matchLabels: {a: b}}
          template:
            spec:
              containers:
                - {name: x, image: b, resources: {limits: {cpu: 1, memory: 1Gi}}, imagePullPolice: Always}
                - {name: z, ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: http}}}
        """)
    assert isinstance(body, Mapping)
    assert [(f.kind, line_of(f), f.message) for f in shape_findings(body, schema)] == [
        ("wrong-type", 5, "spec.replicas is the string '3', its type is an integer; did you mean 3?"),
        (
            "unknown-key",
            10,
            "'imagePullPolice' is no key of spec.template.spec.containers[0]; did you mean 'imagePullPolicy'?",
        ),
    ]
