"""The sections about the repository itself: environments, PG plans, roles by node, what delivers what."""

from __future__ import annotations

from collections.abc import Sequence

from lintkit.finding import Finding, Report
from lintkit.report.html.charts import Bar, bars
from lintkit.report.html.markup import Markup, counts, el, hidden, scroller
from lintkit.report.info import ClusterPgs, Delivered, EnvironmentInfo, PoolPgs
from lintkit.report.plain import dump, visible
from lintkit.report.tally import by_severity, many

_NAMES_SHOWN = 12


def environments(members: Sequence[EnvironmentInfo], report: Report) -> Markup | None:
    """A card for each environment."""
    if not members:
        return None
    return el(
        "section", el("h2", "Environments"), el("div", *(_card(m, report) for m in members), class_="cards"), id="environments"
    )


def _card(member: EnvironmentInfo, report: Report) -> Markup:
    mine = [f for f in report.findings if member.name in f.environments]
    resources = sum(len(names) for d in member.delivered for _, names in d.resources)
    by = sum(bool(d.label) for d in member.delivered)
    rows = [
        ("Profile", member.profile),
        ("Versions", ", ".join(f"{name} {version}" for name, version in member.versions) or "not known"),
        ("Nodes", str(len(member.matrix.nodes)) if member.matrix.nodes else member.no_nodes or "none"),
        ("Resources", f"{resources}, by {many(by, 'delivery')}" if by else str(resources)),
    ]
    found = counts(by_severity(mine)) or [el("span", "nothing found", class_="badge")]
    unread = el("details", el("summary", f"{len(member.unread)} not read"), el("ul", *(el("li", text) for text in member.unread)))
    return el(
        "article",
        el("h3", member.name),
        el("p", *found),
        el("dl", *(el("div", el("dt", k), el("dd", v)) for k, v in rows)),
        unread if member.unread else None,
        class_="card",
    )


def placement_groups(members: Sequence[EnvironmentInfo]) -> Markup | None:
    """The PG plan of every CephCluster, as charts and as a table."""
    parts = [_cluster(member, cluster) for member in members for cluster in member.clusters]
    if not parts:
        return None
    lead = el("p", "What Ceph's PG autoscaler will choose, predicted from what the repository declares.", class_="lead")
    return el("section", el("h2", "Placement groups"), lead, *parts, id="placement-groups")


def _cluster(member: EnvironmentInfo, cluster: ClusterPgs) -> Markup:
    name = f"{cluster.namespace}/{cluster.name}" if cluster.namespace else cluster.name
    title = el("h3", member.name, el("span", f"CephCluster {name}", class_="of"))
    if cluster.not_known:
        return el("article", title, el("p", f"Not known: {cluster.not_known}.", class_="nothing"), class_="plan")
    version = f"Ceph {cluster.ceph_version}" + (" (assumed: the version is not known)" if cluster.assumed else "")
    changed = any(pool.after is not None for pool in cluster.pools) or any(root.after is not None for root in cluster.roots)
    return el(
        "article",
        title,
        el("p", f"{many(cluster.osds, 'OSD')}, {version}, target {cluster.target} PG replicas per OSD", class_="facts"),
        el("ul", *(el("li", note) for note in cluster.notes), class_="callout warning") if cluster.notes else None,
        el("div", *(el("p", text) for text in cluster.changes), class_="callout") if cluster.changes else None,
        el("p", _key("now", "as declared"), _key("after", "with the suggested fixes"), class_="legend") if changed else None,
        _root_chart(name, cluster),
        _pool_chart(name, cluster),
        _root_table(f"{member.name}, {name}", cluster, changed=changed),
        _pool_table(f"{member.name}, {name}", cluster, changed=changed),
        class_="plan",
    )


def _key(kind: str, text: str) -> Markup:
    return el("span", el("i", class_=kind), text)


def _root_chart(name: str, cluster: ClusterPgs) -> Markup:
    rows = [Bar(root.name, _most(root.load), _most(root.after)) for root in cluster.roots]
    limit = f"target {cluster.target}"
    svg = bars(
        f"PG replicas per OSD by CRUSH root of {name}; figures in the table below", rows, limit=cluster.target, limit_name=limit
    )
    return _figure("PG replicas per OSD, by CRUSH root", f"the line is the {limit}", svg, rows, limit=cluster.target)


def _pool_chart(name: str, cluster: ClusterPgs) -> Markup:
    rows = [Bar(pool.name, pool.pgs, pool.after) for pool in cluster.pools]
    svg = bars(f"PGs by pool of {name}; figures in the table below", rows, doubling=True)
    return _figure("PGs, by pool", "each step of the axis is a doubling", svg, rows, doubling=True)


def _figure(title: str, note: str, svg: Markup, rows: Sequence[Bar], *, limit: float = 0, doubling: bool = False) -> Markup:
    shown = {
        "names": [visible(row.name) for row in rows],
        "now": [row.value for row in rows],
        "after": [row.after for row in rows] if any(row.after is not None for row in rows) else None,
        "limit": limit,
        "doubling": doubling,
    }
    caption = el("figcaption", el("b", title), el("span", note))
    return el("figure", caption, svg, data_chart=dump(shown))


def _root_table(of: str, cluster: ClusterPgs, *, changed: bool) -> Markup:
    head = ["CRUSH root", "OSDs", "PG replicas per OSD", *(["after fixes"] if changed else [])]
    rows = [
        _row((root.name,), root.osds, _range(root.load), *([_range(root.after)] if changed else [])) for root in cluster.roots
    ]
    return _table(f"PG replicas per OSD of {of}", head, rows)


def _most(load: tuple[float, float] | None) -> float | None:
    return round(load[1], 1) if load else None


def _range(load: tuple[float, float] | None) -> str:
    if load is None:
        return "no pool"
    low, high = load
    return f"{low:.1f}" if round(low, 1) == round(high, 1) else f"{low:.1f} to {high:.1f}"


def _pool_table(of: str, cluster: ClusterPgs, *, changed: bool) -> Markup:
    head = ["Pool", "CRUSH root", "Size", "PGs", *(["after fixes"] if changed else []), "Replicas per OSD", "Why"]
    return _table(f"PGs of every pool of {of}", head, [_pool(pool, changed=changed) for pool in cluster.pools])


def _pool(pool: PoolPgs, *, changed: bool) -> Markup:
    after = [_figure_of(pool.after)] if changed else []
    share = "-" if pool.per_osd is None else f"{pool.per_osd:.1f}"
    return _row((pool.name, pool.root), pool.size, _figure_of(pool.pgs), *after, share, text=pool.why)


def _figure_of(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _row(names: Sequence[str], *figures: object, text: str = "") -> Markup:
    head, *rest = names
    cells = [el("th", head, scope="row"), *(el("td", name) for name in rest), *(el("td", str(f), class_="n") for f in figures)]
    return el("tr", *cells, el("td", text, class_="text") if text else None)


def _table(caption: str, head: Sequence[str], rows: Sequence[Markup]) -> Markup:
    words = ("OSDs", "PG replicas per OSD", "Size", "PGs", "Replicas per OSD", "after fixes")
    columns = el("tr", *(el("th", name, scope="col", class_="n" if name in words else None) for name in head))
    return scroller(caption, el("table", el("caption", caption), el("thead", columns), el("tbody", *rows)))


def roles(members: Sequence[EnvironmentInfo]) -> Markup | None:
    """Which node has which role."""
    parts = [part for member in members for part in _matrix(member)]
    return el("section", el("h2", "Roles by node"), *parts, id="roles") if parts else None


def _matrix(member: EnvironmentInfo) -> list[Markup]:
    names, nodes = member.matrix
    if not nodes:
        return [
            el("h3", member.name),
            el("p", f"No nodes known: {member.no_nodes or 'none in the inventory'}.", class_="nothing"),
        ]
    tainted = any(node.taints for node in nodes)
    head = [
        el("th", "Node", scope="col"),
        *(_role(name) for name in names),
        el("th", "Taints", scope="col", class_="taints") if tainted else None,
    ]
    rows = [
        el(
            "tr",
            el("th", node.name, scope="row"),
            *(
                el("td", el("i", aria_hidden="true"), hidden("yes"), class_="yes") if h else el("td", hidden("no"))
                for h in node.has
            ),
            el("td", ", ".join(node.taints), class_="taints") if tainted else None,
        )
        for node in nodes
    ]
    caption = el("caption", f"{many(len(nodes), 'node')}, {many(len(names), 'label')}")
    table = el("table", caption, el("thead", el("tr", *head)), el("tbody", *rows), class_="matrix")
    return [el("h3", member.name), scroller(f"Roles by node of {member.name}", table)]


def _role(name: str) -> Markup:
    prefix, slash, rest = name.rpartition("/")
    return el("th", el("span", el("small", prefix + slash) if slash else None, rest, class_="upright"), scope="col")


def deliveries(members: Sequence[EnvironmentInfo], report: Report) -> Markup | None:
    """The graph of what delivers what: nested lists that the style draws as a tree."""
    parts = [_graph(member, report, first=at == 0) for at, member in enumerate(members) if member.delivered]
    if not parts:
        return None
    lead = el("p", "Which delivery brings which resources, and from which layers, the lowest first.", class_="lead")
    return el("section", el("h2", "Deliveries"), lead, *parts, id="deliveries")


def _graph(member: EnvironmentInfo, report: Report, *, first: bool) -> Markup:
    labels = {d.label for d in member.delivered}
    children: dict[str, list[Delivered]] = {}
    for delivered in member.delivered:
        parent = delivered.parent if delivered.parent in labels and delivered.parent != delivered.label else ""
        children.setdefault(parent if delivered.label else "", []).append(delivered)
    shown: set[str] = set()
    found = _findings_by_delivery(member, report)
    roots = [_delivery(d, children, found, shown) for d in children.get("", ())]
    # deliveries that bring each other hang on none
    roots += [_delivery(d, children, found, shown) for d in member.delivered if d.label not in shown]
    tree = el("ul", *roots, class_="tree")
    said = many(sum(bool(label) for label in labels), "delivery")
    return el(
        "details",
        el("summary", el("b", member.name), f" {said}"),
        scroller(f"Deliveries of {member.name}", tree),
        open=first,
    )


def _findings_by_delivery(member: EnvironmentInfo, report: Report) -> dict[str, dict[str, int]]:
    by: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if member.name in finding.environments:
            by.setdefault(finding.origin.partition(" -> ")[0], []).append(finding)
    return {label: by_severity(found) for label, found in by.items()}


def _delivery(
    delivered: Delivered, children: dict[str, list[Delivered]], found: dict[str, dict[str, int]], shown: set[str]
) -> Markup:
    kind, name = _named(delivered.label)
    badges = counts(found.get(delivered.label, {}))
    show = el("a", *badges, href="#findings", data_search=delivered.label) if badges and delivered.label else None
    box = el(
        "div",
        el("small", kind) if kind else None,
        el("b", name),
        el("ol", *(el("li", layer) for layer in delivered.layers), class_="layers") if delivered.layers else None,
        show,
        class_="box",
    )
    shown.add(delivered.label)
    brought = children.get(delivered.label, ()) if delivered.label else ()
    below = [_delivery(d, children, found, shown) for d in brought if d.label not in shown]
    below += [_resources(kind, names) for kind, names in delivered.resources]
    return el("li", box, el("ul", *below) if below else None)


def _named(label: str) -> tuple[str, str]:
    """Kind and name of a delivery; a label that starts with no kind ("nova values") is all name."""
    if not label:
        return "no delivery", "files"
    kind, space, name = label.partition(" ")
    return (kind, name) if space and (kind[0].isupper() or kind == "kustomization") else ("", label)


def _resources(kind: str, names: Sequence[str]) -> Markup:
    rest = names[_NAMES_SHOWN:]
    more = el("details", el("summary", f"and {len(rest)} more"), el("p", ", ".join(rest))) if rest else None
    head = el("small", kind, f" ×{len(names)}" if len(names) > 1 else None)
    return el("li", el("div", head, el("span", ", ".join(names[:_NAMES_SHOWN])), more, class_="leaf"))
