"""Write ``schemas/crds/<group>/<Kind>.json`` from CustomResourceDefinition files.

Usage: python tools/refresh_crds.py [--out schemas/crds] [--release rook=1.20:FILE ...] [FILE ...]

Plain FILEs give kinds whose releases are not told apart. ``--release PRODUCT=MINOR:FILE`` gives those of
one release of a product; all releases that are wanted have to be named in one run, and the union of them
is written beside them. Only the facts are kept (names, types, enums, bounds, defaults, patterns,
validation rules), never descriptions or messages; ``status`` is left out. Kinds that no file names keep their data.
The format is described in docs/crds.md. Needs nothing but lintkit itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lintkit.schema.compact import pack
from lintkit.schema.crds import ANY_RELEASE
from lintkit.schema.model import ANYTHING, CelRule, Shape
from lintkit.schema.openapi import shape_of

TITLES = {"rook": "Rook"}
SKIPPED = frozenset({"apiVersion", "kind", "metadata", "status"})
LONG_DEFAULT = 200

# what rules say, in our words; a rule that is not listed is shown as it stands
SAYINGS = {
    "self == oldSelf": "it cannot be changed after creation",
    "self >= oldSelf": "it cannot be made smaller",
    "self == '' || self == oldSelf": "it cannot be changed after creation, only emptied",
    "self == '' || oldSelf == '' || self == oldSelf": "it cannot be changed once it is set",
    "!has(oldSelf.keyGeneration) || has(self.keyGeneration)": "keyGeneration cannot be removed once it is set",
    "has(self.crushNumFailureDomains) == has(self.crushOSDsPerFailureDomain)": (
        "crushNumFailureDomains and crushOSDsPerFailureDomain come together or not at all"
    ),
    "!has(self.zones) || (has(self.zones) && (size(self.zones) <= self.count))": "there are more zones than mons (count)",
    "!has(self.stretchCluster) || (has(self.stretchCluster) && (size(self.stretchCluster.zones) > 0)"
    " && (size(self.stretchCluster.zones) == 3))": "a stretch cluster has exactly three zones",
    "!has(self.provider) || (self.provider != 'multus' || (self.provider == 'multus' && size(self.selectors) > 0))": (
        "provider multus needs selectors"
    ),
    '!has(self.hostNetwork) || self.hostNetwork == false || !has(self.provider) || self.provider == ""': (
        "hostNetwork and provider exclude each other"
    ),
    "!(has(self.defaultRealm) && self.defaultRealm == true && has(self.zone) && size(self.zone.name) > 0)": (
        "defaultRealm and zone exclude each other"
    ),
    "!(has(self.loadBalancerClass)) || self.type == 'LoadBalancer'": "loadBalancerClass needs type LoadBalancer",
    "has(self.configMapRef) || has(self.secretRef)": "it needs configMapRef or secretRef",
    "!has(self.configMapRef) || !has(self.secretRef)": "configMapRef and secretRef exclude each other",
    "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))": (
        "it needs one of chart and chartRef, not both"
    ),
    "!has(self.retryInterval) || self.name != 'RemediateOnFailure'": "retryInterval means nothing to RemediateOnFailure",
    "!has(self.retryInterval) || self.name == 'RetryOnFailure'": "retryInterval needs the strategy RetryOnFailure",
    "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'": "verify needs a HelmRepository as source",
    "self.maxLength >= self.minLength": "maxLength is smaller than minLength",
}


def definitions(text: str) -> Iterator[dict[str, Any]]:
    """The CustomResourceDefinitions of a YAML text."""
    for doc in yaml.load_all(text, yaml.CSafeLoader):
        if isinstance(doc, dict) and doc.get("kind") == "CustomResourceDefinition":
            yield doc


def tree(raw: Any) -> Shape:
    """The shape of a raw schema with the shapes of its parts as refs."""
    shape = shape_of(raw)
    return shape._replace(
        properties={name: tree(part) for name, part in shape.properties.items()},
        extra=None if shape.extra is None else tree(shape.extra),
        items=None if shape.items is None else tree(shape.items),
        rules=tuple(CelRule(r.rule, SAYINGS.get(r.rule, ""), "", r.field) for r in shape.rules),
        default=shape.default if len(json.dumps(shape.default)) < LONG_DEFAULT else (),
    )


def root_of(raw: Any) -> Shape:
    """The shape of a whole object, without what every object has and without status."""
    shape = tree(raw)
    kept = {name: part for name, part in shape.properties.items() if name not in SKIPPED}
    return shape._replace(properties=kept, required=tuple(n for n in shape.required if n not in SKIPPED))


def union(a: Shape, b: Shape) -> Shape:
    """What either of two shapes accepts (never less, at times a little more)."""
    if a == b:
        return a
    if not a.types or not b.types:
        return ANYTHING
    names = [*a.properties, *(n for n in b.properties if n not in a.properties)]
    both = {n: _either(a.properties.get(n), b.properties.get(n)) for n in names}
    return Shape(
        types=tuple(sorted({*a.types, *b.types})),
        properties={n: part for n, part in both.items() if part is not None},
        extra=_either(a.extra, b.extra),
        closed=a.closed and b.closed,
        items=_either(a.items, b.items),
        required=tuple(n for n in a.required if n in b.required),
        nullable=a.nullable or b.nullable,
        enum=(*a.enum, *(v for v in b.enum if v not in a.enum)) if a.enum and b.enum else (),
        minimum=_loosest(min, a.minimum, b.minimum),
        maximum=_loosest(max, a.maximum, b.maximum),
        above=a.above and b.above,
        below=a.below and b.below,
        multiple=a.multiple if a.multiple == b.multiple else None,
        least=_loosest(min, a.least, b.least),
        most=_loosest(max, a.most, b.most),
        pattern=a.pattern if a.pattern == b.pattern else "",
        format=a.format if a.format == b.format else "",
        unique=a.unique if a.unique == b.unique else None,
        default=a.default or b.default,
        rules=tuple(r for r in a.rules if r in b.rules),
    )


def _either(a: Shape | None, b: Shape | None) -> Shape | None:
    return union(a, b) if a and b else a or b


def _loosest(pick: Any, a: Any, b: Any) -> Any:
    return None if a is None or b is None else pick(a, b)


def intern(shape: Shape, table: list[str], known: dict[str, int]) -> int | str:
    """The ref of a shape in ``table``, which gets it and its parts where they are new."""

    def below(part: Shape | None) -> int | str | None:
        return None if part is None else intern(part, table, known)

    inner = shape._replace(
        properties={name: below(part) for name, part in sorted(shape.properties.items())},
        extra=below(shape.extra),
        items=below(shape.items),
    )
    packed = pack(inner)
    if isinstance(packed, str):
        return packed
    text = json.dumps(packed, separators=(",", ":"), ensure_ascii=False)
    if text not in known:
        known[text] = len(table)
        table.append(text)
    return known[text]


def written(group: str, kind: str, product: str, roots: dict[str, dict[str, Shape]]) -> str:
    """The file of one kind; ``roots`` by API version and release, ``any`` among them."""
    table: list[str] = []
    known: dict[str, int] = {}
    versions = {v: {name: intern(s, table, known) for name, s in by.items()} for v, by in roots.items()}
    head: dict[str, Any] = {"group": group, "kind": kind}
    if product:
        head["product"] = TITLES.get(product, product)
    head["versions"] = versions
    rows = ",\n".join(table)
    return json.dumps(head, separators=(", ", ": "))[:-1] + f', "shapes": [\n{rows}\n]}}\n'


def main() -> int:
    """Read the files, write the kinds, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "schemas" / "crds")
    parser.add_argument("--release", action="append", default=[], metavar="PRODUCT=MINOR:FILE")
    parser.add_argument("files", nargs="*", metavar="FILE")
    args = parser.parse_args()
    inputs = [("", ANY_RELEASE, file) for file in args.files]
    for item in args.release:
        product, _, rest = item.partition("=")
        minor, _, file = rest.partition(":")
        inputs.append((product, minor, file))
    inputs.sort(key=lambda i: [int(n) if n.isdigit() else 0 for n in i[1].split(".")])
    roots: dict[tuple[str, str], dict[str, dict[str, Shape]]] = defaultdict(lambda: defaultdict(dict))
    products: dict[tuple[str, str], str] = {}
    for product, release, file in inputs:
        for crd in definitions(Path(file).read_text("utf-8")):
            spec = crd["spec"]
            key = (spec["group"], spec["names"]["kind"])
            products[key] = product
            for version in spec["versions"]:
                if version.get("served", True):
                    raw = version.get("schema", {}).get("openAPIV3Schema")
                    roots[key][version["name"]][release] = root_of(raw)
    for (group, kind), versions in sorted(roots.items()):
        for by in versions.values():
            if ANY_RELEASE not in by:
                whole = list(by.values())
                joined = whole[-1]
                for other in reversed(whole[:-1]):
                    joined = union(joined, other)
                by[ANY_RELEASE] = joined
        target = args.out / group / f"{kind}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(written(group, kind, products[group, kind], versions), "utf-8", newline="\n")
        print(f"{target.stat().st_size:8d} {group}/{kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
