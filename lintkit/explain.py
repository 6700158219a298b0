"""Policies in words: `lintkit explain`, `lintkit policies`, and what formats say about policies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lintkit import __version__
from lintkit.errors import LintkitError
from lintkit.examples import examples
from lintkit.facts.words import nearest
from lintkit.policy.load import all_policies, builtin_policies
from lintkit.policy.model import Param, Policy
from lintkit.report.info import URL, PolicyInfo
from lintkit.shape import SHAPE_POLICIES


def policy_info(policies: Iterable[Policy]) -> tuple[PolicyInfo, ...]:
    """What reports say of policies, findings about shape included."""
    own = [
        PolicyInfo(p.id, p.family, p.title, p.why, p.remedy, p.severity["production"], p.references, _page(p)) for p in policies
    ]
    shapes = [PolicyInfo(s.id, s.family, s.title, s.why, s.remedy, s.severity) for s in SHAPE_POLICIES]
    return tuple(sorted((*own, *shapes), key=lambda info: info.id))


def _page(policy: Policy) -> str:
    """The page of a policy that ships with lintkit; empty for one of a team's own."""
    return f"{URL}/blob/v{__version__}/docs/policies/{policy.id}.md" if policy.builtin else ""


def policies_at(path: Path) -> tuple[Policy, ...]:
    """Built-in policies and those of the repository at ``path``."""
    from lintkit.run import Options, load_configuration
    from lintkit.tree.work import find_root

    root = find_root(path)
    return all_policies(root, load_configuration(root, Options()).policy_folders)


def list_policies(path: Path, *, as_json: bool) -> str:
    """Every policy, one line each, or as JSON."""
    found = policies_at(path)
    if as_json:
        rows: list[Any] = [
            {
                "id": p.id,
                "family": p.family,
                "title": p.title,
                "severity": dict(p.severity),
                "subjects": list(p.subjects),
                "needs": list(p.needs),
                "builtin": p.builtin,
            }
            for p in found
        ]
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    lines: list[str] = []
    family = ""
    for policy in sorted(found, key=lambda p: (p.family, p.id)):
        if policy.family != family:
            family = policy.family
            lines += ["", family] if lines else [family]
        severity = f"{policy.severity['production']}/{policy.severity['lab']}"
        lines.append(f"  {policy.id:32} {severity:16} {policy.title}")
    lines += ["", f"{len(found)} policies (severity: production/lab); `lintkit explain ID` tells more"]
    return "\n".join(lines) + "\n"


def explain_policy(name: str, path: Path) -> str:
    """Everything about one policy. LintkitError with the nearest ids for an unknown one."""
    shape = next((s for s in SHAPE_POLICIES if s.id == name), None)
    if shape is not None:
        head = f"{shape.id} ({shape.family})\n{shape.title}\n\nSeverity: {shape.severity}\n\n"
        return f"{head}Why: {shape.why}\n\nWhat to do: {shape.remedy}\n"
    found = policies_at(path)
    policy = next((p for p in found if name == p.id or name in p.aliases), None)
    if policy is None:
        close = nearest(name, [p.id for p in found], 6)
        raise LintkitError(
            f"no policy is called {name!r}" + (f", perhaps {' or '.join(close)}" if close else " (see `lintkit policies`)")
        )
    return _explained(policy)


def _explained(policy: Policy) -> str:
    parts = [f"{policy.id} ({policy.family})", policy.title, ""]
    parts.append("Severity: " + ", ".join(f"{profile} {word}" for profile, word in policy.severity.items()))
    parts.append(f"Judges: {', '.join(policy.subjects)}")
    if policy.needs:
        parts.append(f"Needs: {', '.join(policy.needs)} (not evaluated without)")
    parts += ["", f"Why: {policy.why}", "", f"What to do: {policy.remedy}"]
    if policy.params:
        parts += ["", "Parameters:", *(_param(key, param) for key, param in policy.params.items())]
    fixes = [v.fix for v in policy.validations if v.fix]
    if fixes:
        kinds = sorted({"safe" if f.safe else "safe where it is certain" if f.safe_expression else "unsafe" for f in fixes})
        why = next((f.why for f in fixes if f.why), "")
        parts += ["", f"Fix: {', '.join(kinds)}" + (f" ({why})" if why else "")]
        parts += [f"  {title}" for title in dict.fromkeys(f.title for f in fixes if f.title)]
    for head, lines in examples(policy):
        parts += ["", head, "", *(f"    {line}".rstrip() for line in lines)]
    if policy.references:
        parts += ["", "References:", *(f"  {r}" for r in policy.references)]
    return "\n".join(parts) + "\n"


def _param(key: str, param: Param) -> str:
    kind = param.schema.get("type", "any")
    words = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    said = f": {param.schema['description']}" if param.schema.get("description") else ""
    return f"  {key} = {json.dumps(param.default)} ({words}){said}"


def known_ids() -> frozenset[str]:
    """Ids of every policy that ships with lintkit."""
    return frozenset((*(p.id for p in builtin_policies()), *(s.id for s in SHAPE_POLICIES)))
