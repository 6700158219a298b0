"""policy.yaml: its schema, and what a mistake in a policy of one's own looks like."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pytest

from lintkit.data import data_dir
from lintkit.errors import LintkitError
from lintkit.policy.compiled import compile_policy
from lintkit.policy.model import Policy
from lintkit.policy.read import read_policy

Write = Callable[[str], Policy]
SCHEMA = json.loads((data_dir("schemas") / "policy.schema.json").read_text("utf-8"))
BUILT_IN = sorted(data_dir("policies").glob("*/*/policy.yaml"))

GOOD = """\
version: 1
id: own
title: Pool is small
severity: {production: error, lab: "off"}
subject: Pool
params:
  min: {type: integer, default: 2, minimum: 1}
variables:
  - {name: size, expression: "object.replicated.size"}
matchConditions:
  - "has(object.replicated) && has(object.replicated.size)"
validations:
  - expression: "variables.size >= params.min"
    messageExpression: "'%d copies'.format([variables.size])"
    at: replicated.size
    fix: {title: more copies, set: {replicated.size: {expression: params.min}}, safe: false}
"""


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every schema of a map with named keys."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield path, schema
        for key, below in schema.items():
            yield from objects(below, f"{path}/{key}")
    elif isinstance(schema, list):
        for i, below in enumerate(schema):
            yield from objects(below, f"{path}/{i}")


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_closes_every_map_and_describes_every_key() -> None:
    for path, schema in objects(SCHEMA):
        if path.endswith("/param/properties"):
            continue
        assert "additionalProperties" in schema, path
        assert schema["additionalProperties"] is False, path
        for key, below in schema["properties"].items():
            target = SCHEMA["$defs"][below["$ref"].rsplit("/", 1)[1]] if "$ref" in below else {}
            assert below.get("description") or target.get("description"), f"{path}: {key}"


@pytest.mark.parametrize("file", BUILT_IN, ids=lambda f: f.parent.name)
def test_built_in_policy_conforms_and_compiles(file: Path) -> None:
    policy = read_policy(file, file.name, builtin=False)
    compile_policy(policy)
    assert policy.id == file.parent.name
    assert policy.family == file.parent.parent.name
    assert policy.why
    assert policy.remedy
    assert policy.references


def test_every_key_of_the_example_is_read(own_policy: Write) -> None:
    policy = own_policy(GOOD)
    assert policy.severity == {"production": "error", "lab": "off"}
    assert policy.subject_line == 5
    assert policy.params["min"].default == 2
    assert policy.validations[0].at.path == "replicated.size"
    assert policy.validations[0].fix is not None


MISTAKES = {
    "misspelt key": ("title: Pool", "titel: Pool", 3, "unknown key 'titel', did you mean 'title'?"),
    "misspelt key of a validation": ("messageExpression:", "messageExpresion:", 14, "did you mean 'messageExpression'?"),
    "misspelt key of a fix": ("safe: false", "save: false", 16, "unknown key 'save', did you mean 'safe'?"),
    "unknown subject": ("subject: Pool", "subject: Pol", 5, "subject 'Pol' is no kind that lintkit judges, did you mean Pool?"),
    "misspelt field": (
        'expression: "object.replicated.size"',
        'expression: "object.replicated.sizee"',
        9,
        "object.replicated.sizee: no such field, did you mean size?",
    ),
    "misspelt field of params": ("variables.size >= params.min", "variables.size >= params.mim", 13, "did you mean min?"),
    "misspelt fact": (
        "has(object.replicated) &&",
        "facts.externel &&",
        11,
        "facts.externel: no such field, did you mean external?",
    ),
    "misspelt env": ("has(object.replicated) &&", "env.profil == 'lab' &&", 11, "did you mean profile?"),
    "broken CEL": ('"variables.size >= params.min"', '"variables.size >= "', 13, "is no CEL: "),
    "undeclared variable": (
        "variables.size >= params",
        "variables.sizes >= params",
        13,
        "'sizes' is not declared above, did you mean size?",
    ),
    "unknown root": (
        "variables.size >= params",
        "thing.size >= params",
        13,
        "undeclared reference to 'thing.size' (in container ''); known are object, oldObject, params",
    ),
    "unknown function": ("variables.size >= params", "lengthy(variables.size) >= params", 13, "lengthy"),
    "item without forEach": ("variables.size >= params", "item.size >= params", 13, "item is known under forEach only"),
    "bad severity": ("production: error", "production: fatal", 4, "'fatal' is not one of ['error', 'warning', 'info', 'off']"),
    "bad profile": ("production: error", "prodution: error", 4, "unknown key 'prodution', did you mean 'production'?"),
    "unknown evidence": ("subject: Pool", "subject: Pool\nneeds: [nodez]", 6, "'nodez' is not one of"),
    "param without default": ("default: 2, ", "", 7, "'default' is a required property"),
    "misspelt field in a message": (
        "format([variables.size])",
        "format([object.replicatd.size])",
        14,
        "did you mean replicated?",
    ),
    "misspelt field in a fix": (
        "{expression: params.min}",
        "{expression: object.failuredomain}",
        16,
        "did you mean failureDomain?",
    ),
    "wrong kind of subject": ("subject: Pool", "subject: 3", 5, "subject: 3 is not of type 'string', 'array'"),
    "wrong kind of condition": (
        '- "has(object',
        '- 3 # "has(object',
        11,
        "matchConditions.0: 3 is not of type 'string', 'object'",
    ),
    "fix without a title": ("title: more copies, ", "", 16, "a fix needs a title or a titleExpression"),
    "no validations": (GOOD[GOOD.index("validations:") :], "", 1, "'validations' is a required property"),
    "id of another folder": ("id: own", "id: other", 1, "the id 'other' is not the name of its folder"),
    "broken YAML": ("title: Pool is small", "title: 'Pool is small", 3, ""),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_one_sentence_with_file_line_and_hint(mistake: str, own_policy: Write) -> None:
    before, after, line, part = MISTAKES[mistake]
    assert GOOD.count(before) == 1
    with pytest.raises(LintkitError) as caught:
        compile_policy(own_policy(GOOD.replace(before, after)))
    assert caught.value.path == "house/storage/own/policy.yaml"
    assert part in str(caught.value)
    if mistake != "broken YAML":
        assert caught.value.line == line


def test_items_of_for_each_and_related_are_checked_too(own_policy: Write) -> None:
    text = """
        version: 1
        id: own
        title: Overlap
        subject: Environment
        validations:
          - forEach: facts.classless_pools
            expression: "item.name == ''"
            of: item.of
            related:
              - forEach: item.classed
                of: item.related.of
                messageExpression: "item.related.name + item.name"
        """
    compile_policy(own_policy(text))
    for good, bad, hint in (
        ("item.name == ''", "item.nam == ''", "facts.classless_pools[].nam: no such field, did you mean name?"),
        ("item.related.of", "item.related.off", "facts.classless_pools[].classed[].off: no such field, did you mean of?"),
        ("forEach: item.classed", "forEach: item.clased", "did you mean classed?"),
    ):
        with pytest.raises(LintkitError) as caught:
            compile_policy(own_policy(text.replace(good, bad)))
        assert hint in str(caught.value)


def lintkit(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line, as a user runs it."""
    return subprocess.run([sys.executable, "-m", "lintkit", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one pool and a policy folder of its own."""
    home = tmp_path / "house" / "storage" / "own"
    (home / "cases").mkdir(parents=True)
    (home / "policy.yaml").write_text(GOOD, "utf-8")
    (tmp_path / ".lintkit.yaml").write_text("policy-folders: [house]\n", "utf-8")
    pool = """\
        apiVersion: ceph.rook.io/v1
        kind: CephBlockPool
        metadata: {name: images, namespace: rook-ceph}
        spec:
          replicated:
            size: 1
          parameters: {bulk: "true"}
        """
    (tmp_path / "pool.yaml").write_text(dedent(pool), "utf-8")
    return tmp_path


def test_check_uses_policies_of_the_repository(repository: Path) -> None:
    done = lintkit("check", "--select", "own", "--format", "json", cwd=repository)
    found = json.loads(done.stdout)["findings"]
    assert [(f["policy"], f["path"], f["line"], f["message"]) for f in found] == [("own", "pool.yaml", 6, "1 copies")]
    assert done.returncode == 1


@pytest.mark.parametrize("mistake", ["misspelt key", "unknown subject", "misspelt field", "broken CEL", "bad severity"])
def test_check_and_test_stop_with_exit_2_on_a_broken_policy(mistake: str, repository: Path) -> None:
    before, after, line, part = MISTAKES[mistake]
    (repository / "house/storage/own/policy.yaml").write_text(GOOD.replace(before, after), "utf-8")
    for arguments in (["check"], ["test", "house"]):
        done = lintkit(*arguments, cwd=repository)
        assert done.returncode == 2
        assert f"house/storage/own/policy.yaml:{line}: " in done.stderr
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
