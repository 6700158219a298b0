"""What help says beyond the options: a line for the list of commands, and examples that can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lintkit.records import NamedTuple


class Page(NamedTuple):
    """``short`` fits the list of commands; ``examples`` are pairs of a command line and what it does."""

    short: str
    examples: tuple[tuple[str, str], ...] = ()
    more: str = ""


EXIT_CODES: Final = (
    "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 lintkit, a policy or the configuration is broken. "
    "With --fix the code of what is left, with --diff 1 if there would be edits."
)

PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {
        "": Page(
            "",
            (
                ("lintkit check", "the repository you stand in"),
                ("lintkit explain pool-size-one", "one policy: why, what to do, an example"),
                ("lintkit init", "a first .lintkit.yaml, and what it could not know"),
            ),
        ),
        "check": Page(
            "Report findings at the line to edit.",
            (
                ("lintkit check clusters/prod", "report only what concerns these paths"),
                ("lintkit check --since main", "only what is new since main, and what it does to a running cloud"),
                ("lintkit check --diff --unsafe-fixes", "what every fix would change; nothing is written"),
                ("lintkit check --select durability,pool-*", "families, ids or globs of policies"),
                ("lintkit check --format sarif -o l.sarif --format human", "several formats in one run"),
                ("helm template ceph . | lintkit check -", "manifests from stdin"),
            ),
            EXIT_CODES,
        ),
        "explain": Page(
            "Explain a policy: why, what to do, parameters, examples.",
            (("lintkit explain pool-size-one", ""), ("lintkit policies", "the ids there are")),
        ),
        "policies": Page("List every policy with its family and severities."),
        "env": Page(
            "Show environments, their layers, and what is unknown.",
            (
                ("lintkit env --why CephCluster/rook-ceph:spec.mon.count", "the layers that decide a value, the winner first"),
                ("lintkit env --nodes", "which node has which role"),
            ),
        ),
        "eval": Page(
            "Evaluate an expression on a subject, for authors of policies.",
            (("lintkit eval 'object.replicated.size' --on Pool/glance-images", "object, facts and the result"),),
        ),
        "test": Page("Run the cases of policies.", (("lintkit test policies", "those of your own"),)),
        "pgs": Page(
            "Predict PGs of every pool, now and with the suggested fixes.",
            (
                ("lintkit pgs", "every cluster that the repository describes"),
                ("lintkit pgs --what-if cluster.json", "a cluster that a file describes; works without a repository"),
            ),
            "Where Git cannot know the OSDs (useAllNodes, device filters), name them under osds in .lintkit.yaml.",
        ),
        "baseline": Page(
            "Accept every finding of now: later runs report what is new.",
            (("lintkit baseline", "write .lintkit-baseline.json"), ("lintkit baseline --prune", "drop what is gone from it")),
        ),
        "ignores": Page(
            "List every ignore with its reason, its last day and its age.",
            (("# lintkit: ignore[pool-size-one] rebuilt from CI", "an ignore, on a line of the finding or above it"),),
        ),
        "init": Page("Write a first .lintkit.yaml from what the repository shows."),
        "new": Page("Write a policy of your own that works, and cases.", (("lintkit new storage/pool-named-badly", ""),)),
        "schemas": Page("Schemas of custom resources."),
        "add": Page("Check resources against CustomResourceDefinitions.", (("lintkit schemas add crds/", ""),)),
    }
)


def epilog(command: str) -> str | None:
    """The end of a command's help, as click takes it (a backspace keeps the lines of its paragraph); None for nothing."""
    page = PAGES[command]
    lines = [f"  {line}\n      {said}" if said else f"  {line}" for line, said in page.examples]
    parts = ["\b\nExamples:\n" + "\n".join(lines)] if lines else []
    return "\n\n".join([*parts, *([page.more] if page.more else [])]) or None
