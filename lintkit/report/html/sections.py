"""The sections that every report has: summary, findings, policies, what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lintkit.finding import Finding, Report
from lintkit.report.html.markup import Markup, anchor, counts, el, hidden, is_web, link, paragraphs, scroller
from lintkit.report.info import Options, PolicyInfo
from lintkit.report.tally import by_severity, closing, fix_counts, fix_line, headline, many, place_key, ranked
from lintkit.words import SEVERITIES

_NAMES = {"error": "Errors", "warning": "Warnings", "info": "Info"}


def summary(report: Report, options: Options) -> Markup:
    """Headline, counts by severity, fixes, and by environment where there are several."""
    said = headline(report)
    title = (options.overview.name if options.overview else "") or "Report"
    broken = el(
        "div",
        el("p", el("strong", "This run is not complete: something in lintkit or a policy is broken.")),
        el("ul", *(el("li", text) for text in report.broken)),
        class_="callout error",
        role="note",
    )
    tiles = [_tile(severity, count) for severity, count in by_severity(report.findings).items()]
    safe, unsafe = fix_counts(report.findings)
    fixes = [
        el("dt", "Fixes"),
        el("dd", str(safe + unsafe)),
        el("dd", fix_line(report.findings) or "none offered", class_="note"),
    ]
    return el(
        "section",
        el("p", "Review of", class_="eyebrow"),
        el("h1", title),
        el("p", said[:1].upper() + said[1:] + ".", class_="lead"),
        broken if report.broken else None,
        el("dl", *tiles, el("div", *fixes, class_="tile"), class_="tiles"),
        id="summary",
        class_="summary",
    )


def _tile(severity: str, count: int) -> Markup:
    go = el("a", "show", hidden(f" findings of severity {severity}"), href="#findings", data_only=severity) if count else None
    return el(
        "div",
        el("dt", _NAMES[severity]),
        el("dd", str(count)),
        el("dd", go, class_="note"),
        class_=f"tile {severity if count else ''}",
    )


def findings(report: Report) -> Markup:
    """The tools of the list, which the script fills; a plain table where no script runs."""
    if not report.findings:
        clean = el("p", f"Nothing found in {many(report.files, 'file')}.", class_="nothing")
        return el("section", el("h2", "Findings"), clean, id="findings", tabindex=-1)
    return el(
        "section",
        el("h2", "Findings"),
        _tools(report),
        el("p", role="status", id="count", class_="count"),
        el("div", id="list", class_="list"),
        el("nav", id="pages", class_="pages", aria_label="Pages of findings", hidden=True),
        el("noscript", _plain_table(report)),
        id="findings",
        tabindex=-1,
    )


def _tools(report: Report) -> Markup:
    by = by_severity(report.findings)
    chips = [
        el(
            "label",
            el("input", type="checkbox", name="severity", value=s, checked=True),
            el("span", f"{s} "),
            el("b", str(by[s])),
            class_=s,
        )
        for s in SEVERITIES
        if by[s]
    ]
    families = _counted(finding.family for finding in report.findings)
    environments = {e: sum(e in f.environments for f in report.findings) for e in report.environments}
    return el(
        "form",
        el("div", el("label", "Search", for_="search"), _search(), class_="field search"),
        el("fieldset", el("legend", "Severity"), el("div", *chips, class_="chips"), class_="field"),
        _choice("family", "Family", families),
        _choice("environment", "Environment", environments) if len(environments) > 1 else None,
        el("button", "Show all", type="button", id="all"),
        class_="tools",
        role="search",
        aria_label="Filter findings",
        id="filters",
        hidden=True,
    )


def _search() -> Markup:
    return el(
        "input", type="search", id="search", name="search", placeholder="message, file, resource, policy", autocomplete="off"
    )


def _choice(name: str, title: str, members: dict[str, int]) -> Markup:
    options = [el("option", f"{member} ({count})", value=member) for member, count in sorted(members.items())]
    select = el("select", el("option", "all", value=""), *options, id=name, name=name)
    return el("div", el("label", title, for_=name), select, class_="field")


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names))


def _plain_table(report: Report) -> Markup:
    head = el("tr", *(el("th", name, scope="col") for name in ("Severity", "Policy", "Place", "Finding")))
    rows = [
        el(
            "tr",
            el("td", el("span", f.severity, class_=f"badge {f.severity}")),
            el("td", el("a", f.policy, href=f"#{anchor('policy', f.policy)}")),
            el("td", el("code", f"{f.span.path}:{f.span.start.line}:{f.span.start.column}")),
            el("td", f.message),
        )
        for f in ranked(report.findings)
    ]
    return scroller("Findings", el("table", el("caption", "Findings, gravest first"), el("thead", head), el("tbody", *rows)))


def judged_policies(report: Report, policies: Sequence[PolicyInfo]) -> Markup | None:
    """The policies that findings are of: why they are there, and what to do."""
    by_policy: dict[str, list[Finding]] = {}
    for finding in ranked(report.findings):
        by_policy.setdefault(finding.policy, []).append(finding)
    if not by_policy:
        return None
    known = {policy.id: policy for policy in policies}
    parts = [_policy(members, known.get(name)) for name, members in by_policy.items()]
    lead = el("p", "Why each policy that found something is there, and what to do.", class_="lead")
    return el("section", el("h2", "Policies"), lead, *parts, id="policies")


def _policy(members: list[Finding], policy: PolicyInfo | None) -> Markup:
    name = members[0].policy
    key = anchor("policy", name)
    why, remedy = (policy.why, policy.remedy) if policy else (members[0].why, members[0].remedy)
    sources = [el("li", link(reference, reference)) for reference in policy.references] if policy else []
    page = link("its page", policy.url) if policy and is_web(policy.url) else None
    show = el("a", f"Show {many(len(members), 'finding')}", href="#findings", data_search=name)
    head = el(
        "div",
        el("h3", el("a", name, href=f"#{key}"), id=key, tabindex=-1),
        el("p", *counts(by_severity(members)), el("span", members[0].family, class_="badge")),
        el("p", show, *(() if page is None else (" · ", page)), class_="more"),
    )
    body = el(
        "div",
        el("p", policy.title, class_="title") if policy else None,
        *(() if not why else (el("h4", "Why"), *paragraphs(why))),
        *(() if not remedy else (el("h4", "What to do"), *paragraphs(remedy))),
        *(() if not sources else (el("h4", "References"), el("ul", *sources, class_="references"))),
    )
    return el("article", head, body, class_="policy")


def not_judged(report: Report) -> Markup | None:
    """Everything the run did not judge or show, and the findings that a recorded decision accepts."""
    lines = [line for line in closing(report) if not line.startswith(("fixes: ", "ignored: ", "broken: "))]
    if not lines and not report.ignored:
        return None
    told = [el("div", el("dt", label), el("dd", rest)) for label, _, rest in (line.partition(": ") for line in lines)]
    rows = [
        el(
            "tr",
            el("td", i.finding.policy),
            el("td", el("code", f"{i.finding.span.path}:{i.finding.span.start.line}")),
            el("td", i.finding.message),
            el("td", i.reason),
            el("td", i.by),
        )
        for i in sorted(report.ignored, key=lambda i: (place_key(i.finding), i.by, i.reason))
    ]
    head = el("tr", *(el("th", n, scope="col") for n in ("Policy", "Place", "Finding", "Reason", "By")))
    ignored = el(
        "details",
        el("summary", f"{many(len(rows), 'finding')} ignored"),
        scroller("Ignored findings", el("table", el("thead", head), el("tbody", *rows))),
    )
    return el("section", el("h2", "Not judged"), el("dl", *told, class_="told"), ignored if rows else None, id="not-judged")
