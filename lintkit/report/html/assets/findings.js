// The list of findings: filters, pages, anchors. Text enters the page as text only.
(function () {
  "use strict";
  const PAGE = 50;
  const PRINTED = 200; // findings printed in full; the rest as rows of a table
  const found = JSON.parse(document.getElementById("data").textContent);
  const all = found.findings;
  const list = document.getElementById("list");
  const form = document.getElementById("filters");
  if (!list || !form) return;
  const count = document.getElementById("count");
  const pages = document.getElementById("pages");
  const words = all.map((f) =>
    [f.message, f.policy, f.family, f.place, f.resource, f.origin, f.environments.join(" ")].join("\n").toLowerCase());
  const position = new Map(all.map((f, at) => [f.id, at]));
  let matching = all.map((_, at) => at);
  let first = 0;

  function el(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }

  // prose: what stands between backticks is code
  function prose(text) {
    const parts = text.split("`");
    return parts.length % 2 ? parts.map((part, at) => (at % 2 ? el("code", null, part) : part)) : [text];
  }

  function frame(rows) {
    const lines = rows.map(([number, before, inside, after]) =>
      el("span", null, el("span", { class: "number" }, number ? String(number) : " "), before,
        inside ? el("mark", null, inside) : null, after));
    return el("pre", { tabindex: "0", role: "group", "aria-label": "Code" }, ...lines);
  }

  function diff(rows) {
    const kinds = { "+": "plus", "-": "minus", "@": "where" };
    return el("pre", { tabindex: "0", role: "group", "aria-label": "What the fix changes" }, ...rows.map(([sign, text]) =>
      el("span", { class: kinds[sign] }, sign === "@" ? text : sign + " " + text)));
  }

  function fix(f) {
    if (!f.fix) return null;
    const kind = f.fix.blocked ? "Fix, no edit possible: " : f.fix.diff.length ? (f.fix.safe ? "Safe fix: " : "Unsafe fix: ") : "Fix: ";
    const body = [f.fix.blocked ? el("p", null, "No edit: " + f.fix.blocked) : null, f.fix.diff.length ? diff(f.fix.diff) : null,
      f.fix.why ? el("p", null, "Because " + f.fix.why + ".") : null];
    return el("details", { class: "fix", open: true }, el("summary", null, kind, el("b", null, f.fix.title)), ...body);
  }

  function pair(name, ...value) {
    return value.some((part) => part) ? [el("dt", null, name), el("dd", null, ...value)] : [];
  }

  // the reason of a policy is given once where findings of it follow each other
  function card(at, number, shown) {
    const f = all[at];
    const above = number > 0 ? all[shown[number - 1]] : null;
    const told = above !== null && above.policy === f.policy && above.why === f.why;
    const why = f.why === null || told ? null : el("p", { class: "why" }, ...prose(found.texts[f.why]));
    const remedy = f.remedy === null || told || (f.fix && !f.fix.blocked) ? [] : pair("Remedy", ...prose(found.texts[f.remedy]));
    const header = el("header", null, el("span", { class: "badge " + f.severity }, f.severity),
      el("a", { href: "#policy-" + f.policy.replace(/[^A-Za-z0-9_-]+/g, "-") }, f.policy),
      el("span", { class: "badge" }, f.family), f.existing ? el("span", { class: "badge" }, "existing") : null,
      el("a", { class: "self", href: "#" + f.id, "aria-label": "Link to this finding" }, "#"));
    const facts = el("dl", null, ...pair("Resource", f.resource), ...pair("From", f.origin),
      ...pair("Environments", f.environments.join(", ")), ...remedy,
      ...f.related.flatMap(([place, said]) => pair("See also", el("code", null, place), " " + said)));
    return el("article", { class: "finding " + f.severity, id: f.id, tabindex: "-1", "aria-labelledby": f.id + "-title" },
      header, el("h3", { id: f.id + "-title" }, f.message), el("p", { class: "place" }, f.place), frame(f.frame), why, facts, fix(f));
  }

  function many(n) {
    return n === 1 ? "1 finding" : n.toLocaleString("en") + " findings";
  }

  function show() {
    const shown = matching.slice(first, first + PAGE);
    list.replaceChildren(...shown.map(card));
    const range = matching.length > PAGE ? ", " + (first + 1).toLocaleString("en") + " to " +
      (first + shown.length).toLocaleString("en") + " on this page" : "";
    count.textContent = matching.length === all.length ? many(all.length) + range
      : many(matching.length) + " of " + all.length.toLocaleString("en") + range;
    pages.hidden = matching.length <= PAGE;
    if (!pages.hidden) turning();
  }

  function turning() {
    const last = Math.ceil(matching.length / PAGE);
    const now = Math.floor(first / PAGE) + 1;
    const button = (text, to, off) => {
      const made = el("button", { type: "button", disabled: off, "data-turn": text }, text);
      made.addEventListener("click", () => turn(to));
      return made;
    };
    pages.replaceChildren(button("Previous", first - PAGE, now === 1), el("span", null, "Page " + now + " of " + last),
      button("Next", first + PAGE, now === last));
  }

  function printed() {
    const rest = matching.slice(PRINTED).map((at) => {
      const f = all[at];
      return el("tr", null, el("td", null, f.severity), el("td", null, f.policy), el("td", null, f.place), el("td", null, f.message));
    });
    list.replaceChildren(...matching.slice(0, PRINTED).map(card),
      rest.length ? el("table", null, el("caption", null, "The other findings, in short"), el("tbody", null, ...rest)) : "");
  }

  function turn(to) {
    first = to;
    show();
    count.scrollIntoView();
    const top = list.querySelector("article");
    if (top) top.focus({ preventScroll: true });
  }

  function filter() {
    const severities = new Set([...form.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
    const family = form.elements.family.value;
    const environment = form.elements.environment ? form.elements.environment.value : "";
    const terms = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = [];
    for (let at = 0; at < all.length; at++) {
      const f = all[at];
      if (severities.has(f.severity) && (!family || f.family === family) &&
          (!environment || f.environments.includes(environment)) && terms.every((term) => words[at].includes(term))) matching.push(at);
    }
    first = 0;
    show();
  }

  function follow() {
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const at = position.get(name);
    if (at === undefined) return;
    if (!matching.includes(at)) { form.reset(); matching = all.map((_, n) => n); }
    first = Math.floor(matching.indexOf(at) / PAGE) * PAGE;
    show();
    const card = document.getElementById(name);
    for (const other of list.querySelectorAll(".at")) other.classList.remove("at");
    card.classList.add("at");
    card.scrollIntoView();
    card.focus({ preventScroll: true });
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("all").addEventListener("click", () => { form.reset(); filter(); });
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-search], [data-only]");
    if (!link) return;
    form.reset();
    if (link.dataset.search) form.elements.search.value = link.dataset.search;
    for (const box of link.dataset.only ? form.querySelectorAll("[name=severity]") : []) box.checked = box.value === link.dataset.only;
    filter();
  });
  addEventListener("beforeprint", printed);
  addEventListener("afterprint", show);
  show();
  follow();
})();
