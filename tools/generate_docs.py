"""Write ``docs/policies/`` (a page for each policy, an index by family), ``docs/configuration.md`` and ``zensical.toml``.

Usage: python tools/generate_docs.py [--check]

Pages say what policy.yaml says, with the shortest case that is found and the shortest that is not.
``--check`` writes nothing and ends with 1 when a page is not what it should be.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lintkit.policy.load import builtin_policies
from lintkit.policy.model import Policy
from lintkit.shape import SHAPE_POLICIES, ShapePolicy

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
NOTICE = "<!-- Written by tools/generate_docs.py: change {source} and run it again. -->"
EXPECT = re.compile(r"[ \t]*#[ \t]*expect:[^#\n]*")
SAID = re.compile(r'expect:\s*[\w-]+(?:\s+(?:error|warning|info))?(?:\s+"((?:[^"\\]|\\.)*)")?')
DIRECTIVE = re.compile(r"^#\s*(?:chart|profile|unevaluated):.*\n", re.MULTILINE)
OK = re.compile(r"[ \t]*#[ \t]*(?:ok|unevaluated):[^\n]*")
MOST_LINES = 60
SITE = """\
# Written by tools/generate_docs.py: change it and run it again. `make site` builds the site.
[project]
site_name = "lintkit"
site_description = "Policy as code for GitOps repositories of Rook-Ceph storage and OpenStack-on-Kubernetes clouds"
docs_dir = "docs"
site_dir = "site"
use_directory_urls = false
nav = [
  {"Documentation" = "README.md"},
  {"At a terminal" = "terminal.md"},
  {"Before a commit" = "pre-commit.md"},
  {"In continuous integration" = "ci.md"},
  {"Configuration" = "configuration.md"},
  {"Policies" = [
    {"All policies" = "policies/index.md"},
POLICIES
  ]},
  {"How it works" = [
    {"From file to finding" = "start-to-finish.md"},
    {"The PG autoscaler" = "autoscaler.md"},
    {"Charts" = "charts.md"},
    {"Custom resources" = "crds.md"},
    {"Decisions" = [DECISIONS]},
  ]},
]

[project.theme]
font = false
features = ["content.code.copy", "navigation.indexes", "navigation.prune", "search.highlight", "toc.follow"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
"""


def pages() -> dict[str, str]:
    """Every generated page by its path below ``docs/``."""
    found = {f"policies/{p.id}.md": policy_page(p) for p in builtin_policies()}
    found |= {f"policies/{s.id}.md": shape_page(s) for s in SHAPE_POLICIES}
    found["policies/index.md"] = index_page()
    found["configuration.md"] = configuration_page()
    found["../zensical.toml"] = site()
    return found


def policy_page(policy: Policy) -> str:
    """One policy: what it finds, why, what to do, an example, parameters, how to switch it."""
    lines = [NOTICE.format(source=policy.origin), "", f"# {policy.id}", "", f"{prose(policy.title)}.", ""]
    lines += ["| | |", "| --- | --- |", f"| family | [{policy.family}](index.md#{policy.family}) |"]
    lines.append("| severity | " + ", ".join(f"{word} in {profile}" for profile, word in policy.severity.items()) + " |")
    lines.append(f"| judges | {', '.join(policy.subjects)}{', when it changes' if policy.on_change else ''} |")
    if policy.needs:
        lines.append(f"| needs | {', '.join(policy.needs)}; not evaluated without |")
    if any(v.fix for v in policy.validations):
        lines.append(f"| fix | {fixes(policy)} |")
    if policy.aliases:
        lines.append(f"| also called | {', '.join(policy.aliases)} |")
    lines += ["", "## Why", "", prose(policy.why), "", "## What to do", "", prose(policy.remedy), ""]
    lines += list(examples(policy))
    if policy.params:
        lines += ["## Parameters", "", "| name | default | accepts |", "| --- | --- | --- |"]
        lines += [f"| `{n}` | `{json.dumps(p.default)}` | {cell(accepted(p.schema))} |" for n, p in policy.params.items()]
        name, param = next(iter(policy.params.items()))
        written = f"{{{name}: {json.dumps(param.default, ensure_ascii=False)}}}"
        lines += ["", "```yaml", "# .lintkit.yaml", "policies:", f"  {policy.id}: {{params: {written}}}", "```", ""]
    if policy.references:
        lines += ["## References", "", *(f"- <{r}>" if r.startswith("http") else f"- {r}" for r in policy.references), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def fixes(policy: Policy) -> str:
    """The kinds of fixes that a policy offers."""
    kinds = {
        "safe" if v.fix.safe else "safe where it is certain" if v.fix.safe_expression else "unsafe"
        for v in policy.validations
        if v.fix
    }
    why = sorted({v.fix.why for v in policy.validations if v.fix and v.fix.why})
    return cell(", ".join(sorted(kinds)) + (f" ({'; '.join(why)})" if why else ""))


def examples(policy: Policy) -> Iterator[str]:
    """The shortest case that is found and the shortest good one, as sections."""
    folder = ROOT / Path(policy.origin).parent / "cases"
    bad = shortest(folder, wants=True)
    if bad:
        yield from ("## Found", "", *block(*bad), "")
    good = shortest(folder, wants=False)
    if good:
        yield from ("## Not found", "", *block(*good), "")


def shortest(folder: Path, *, wants: bool) -> tuple[str, str] | None:
    """Name (empty for a single file) and text of the shortest case file; a file of a small tree where no single one is."""
    files = [f for f in sorted(folder.rglob("*.y*ml")) if ".fixed" not in "/".join(f.relative_to(folder).parts)]
    texts = [("" if f.parent == folder else tree_path(f.relative_to(folder)), f.read_text("utf-8")) for f in files]
    texts = [(n, t) for n, t in texts if len(t.splitlines()) <= MOST_LINES and not n.endswith(".lintkit.yaml")]
    if wants:
        fit = [(n, t) for n, t in texts if "expect:" in t]
    else:
        fit = [(n, t) for n, t in texts if not n and "expect:" not in t and "unevaluated:" not in t]
    return min(fit, key=lambda case: (bool(case[0]), len(case[1]), case[1])) if fit else None


def tree_path(path: Path) -> str:
    """Where a file of a case that is a tree lies in that tree."""
    inside = path.parts[1:]
    return "/".join(inside[1:] if inside[0] in ("base", "head") and len(inside) > 1 else inside)


def block(name: str, text: str) -> Iterator[str]:
    """A case as a code block, expectations turned into remarks."""
    text = DIRECTIVE.sub("", text)
    text = OK.sub("", EXPECT.sub(remark, text))
    yield "```yaml"
    if name and "# file:" not in text:
        yield f"# {name}"
    yield from (line.rstrip() for line in re.sub(r"^# file:", "#", text, flags=re.MULTILINE).strip("\n").split("\n"))
    yield "```"


def remark(match: re.Match[str]) -> str:
    """What to say at a line that is found."""
    said = SAID.search(match[0])
    part = (said[1] or "").replace('\\"', '"') if said else ""
    return f"  # found: {part}" if part else "  # found"


def accepted(schema: Mapping[str, Any]) -> str:
    """A parameter's schema in words."""
    words = [str(schema.get("type", "anything"))]
    if "enum" in schema:
        words = ["one of " + ", ".join(json.dumps(v) for v in schema["enum"])]
    items = schema.get("items")
    if isinstance(items, Mapping) and "type" in items:
        words.append(f"of {items['type']}s")
    words += [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    if "description" in schema:
        words.append(f"({schema['description']})")
    return " ".join(words)


def cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return prose(" ".join(text.split())).replace("|", "\\|")


def prose(text: str) -> str:
    """Text in which Markdown sees no tags and no emphasis, except inside backticks."""
    parts = text.strip().split("`")
    parts[::2] = [re.sub(r"([<*\[])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def shape_page(shape: ShapePolicy) -> str:
    """One kind of finding about shape."""
    lines = [NOTICE.format(source="lintkit/shape.py"), "", f"# {shape.id}", "", f"{prose(shape.title)}.", ""]
    lines += [
        "| | |",
        "| --- | --- |",
        f"| family | [{shape.family}](index.md#{shape.family}) |",
        f"| severity | {shape.severity} |",
    ]
    lines += ["", "## Why", "", prose(shape.why), "", "## What to do", "", prose(shape.remedy)]
    return "\n".join(lines) + "\n"


def index_page() -> str:
    """Every policy by family."""
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for policy in builtin_policies():
        severity = " / ".join(policy.severity[profile] for profile in ("production", "lab"))
        rows.setdefault(policy.family, []).append((policy.id, severity, policy.title))
    for shape in SHAPE_POLICIES:
        rows.setdefault(shape.family, []).append((shape.id, shape.severity, shape.title))
    count = sum(map(len, rows.values()))
    lines = [NOTICE.format(source="a policy"), "", "# Policies", ""]
    lines += [f"{count} policies in {len(rows)} families. Severity is that of the profiles production / lab.", ""]
    lines += ["Families: " + ", ".join(f"[{family}](#{family})" for family in sorted(rows)) + "."]
    for family, members in sorted(rows.items()):
        lines += ["", f"## {family}", "", "| policy | severity | finds |", "| --- | --- | --- |"]
        lines += [f"| [{name}]({name}.md) | {severity} | {cell(title)} |" for name, severity, title in sorted(members)]
    return "\n".join(lines) + "\n"


def site() -> str:
    """What the generator of the site is told, policies by family in its navigation."""
    rows: dict[str, list[str]] = {}
    known = [*((p.family, p.id) for p in builtin_policies()), *((s.family, s.id) for s in SHAPE_POLICIES)]
    for family, name in sorted(known):
        rows.setdefault(family, []).append(f'{{"{name}" = "policies/{name}.md"}}')
    families = [f'    {{"{family}" = [\n      ' + ",\n      ".join(members) + ",\n    ]}," for family, members in rows.items()]
    decisions = ", ".join(f'"adr/{file.name}"' for file in sorted((DOCS / "adr").glob("*.md")))
    return SITE.replace("POLICIES", "\n".join(families)).replace("DECISIONS", decisions)


def configuration_page() -> str:
    """Every key of the configuration, from its schema."""
    schema = json.loads((ROOT / "schemas" / "config.schema.json").read_text("utf-8"))
    lines = [NOTICE.format(source="schemas/config.schema.json"), "", "# Configuration", "", schema["description"], ""]
    lines += ["lintkit works without any. `lintkit init` writes a first one from what the repository shows.", ""]
    lines += ["| key | type | meaning |", "| --- | --- | --- |"]
    lines += rows_of(schema, schema)
    for title, shape in sections(schema):
        lines += ["", f"## {title}", "", "| key | type | meaning |", "| --- | --- | --- |", *rows_of(shape, schema)]
    return "\n".join(lines) + "\n"


def sections(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings inside the configuration that have keys of their own."""
    definitions, keys = schema["$defs"], schema["properties"]
    yield "environments.NAME", definitions["environment"]
    yield "environments.NAME.nodes[]", definitions["environment"]["properties"]["nodes"]["items"]
    yield "environments.NAME.versions", definitions["environment"]["properties"]["versions"]
    yield "environments.NAME.osds[]", definitions["environment"]["properties"]["osds"]["items"]
    yield "clusters[]", keys["clusters"]["items"]
    yield "roles.NAME", definitions["roles"]["additionalProperties"]
    settings = definitions["policy"]["anyOf"][1]
    yield "policies.ID", settings
    yield "policies.ID.overrides[]", settings["properties"]["overrides"]["items"]
    yield "ignore[]", keys["ignore"]["items"]


def rows_of(shape: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """A row for each key."""
    required = shape.get("required", ())
    found = []
    for key, value in shape["properties"].items():
        known = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
        kind = type_of({**known, **value}, schema) + (", required" if key in required else "")
        meaning = value.get("description") or known.get("description") or ""
        found.append(f"| `{key}` | {cell(kind)} | {cell(meaning)} |")
    return found


def type_of(value: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a value in words."""
    if "enum" in value:
        return " or ".join(f"`{v}`" for v in value["enum"])
    if "anyOf" in value:
        return " or ".join(type_of(v, schema) for v in value["anyOf"])
    kind = value.get("type", "anything")
    if kind == "array":
        return "list" if value["items"].get("type") == "object" else f"list of {type_of(value['items'], schema)}s"
    return "mapping" if kind == "object" else " or ".join(kind) if isinstance(kind, list) else str(kind)


def stale() -> dict[str, str | None]:
    """Pages that are not as they should be, with their text; None for one that should not be there."""
    wanted = pages()
    old = {f"policies/{f.name}" for f in (DOCS / "policies").glob("*.md")}
    gone: dict[str, str | None] = dict.fromkeys(sorted(old - wanted.keys()))
    for path, text in wanted.items():
        file = DOCS / path
        if not file.is_file() or file.read_text("utf-8") != text:
            gone[path] = text
    return gone


def main() -> None:
    """Write what is stale, or with ``--check`` name it."""
    found = stale()
    if "--check" in sys.argv[1:]:
        print("".join(f"stale: {(DOCS / path).resolve().relative_to(ROOT)}\n" for path in found), end="")
        raise SystemExit(1 if found else 0)
    for path, text in found.items():
        file = DOCS / path
        if text is None:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
    print(f"{len(found)} pages written")


if __name__ == "__main__":
    main()
