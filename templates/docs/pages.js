// The pages: each a function from names to elements.
"use strict";
const Pages = (function () {
  const { data, tables, results } = Model;
  const KINDS = { fact: "Facts", dimension: "Dimensions", model: "Models", staging: "Staging", seed: "Seeds", source: "Sources" };
  const MOST_CARDS = 80;
  const MOST_OPEN = 60;
  const count = (n, one, many) => n + " " + (n === 1 ? one : many || one + "s");
  const badge = (text, kind, title) => h("span", { class: "badge " + (kind || ""), title }, text);
  const kindBadge = (kind) => badge(kind, "kind-" + kind);
  const tableLink = (name) => h("a", { href: href("table", name), class: "name" }, name);
  const columnLink = (table, column) => h("a", { href: href("column", table, column), class: "name" }, table + "." + column);
  const placeOf = (place) => h("code", { class: "place", title: "Where the specs say so" }, place);
  const section = (title, ...content) => h("section", {}, h("h2", {}, title), ...content);
  const shown = (value) => (Array.isArray(value) ? value.map(shown).join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

  const STATES = { pass: ["✓", "passed"], success: ["✓", "built"], warn: ["!", "warning"], fail: ["✕", "failed"], error: ["✕", "error"], skipped: ["–", "skipped"] };

  /** How a model or test went: a sign and a word; `brief` keeps the word for those who do not see the sign. */
  function state(name, brief) {
    const result = results.get(name);
    if (!result) return null;
    const [sign, word] = STATES[result.status] || ["?", result.status];
    const rows = result.failures ? " (" + count(result.failures, "row") + ")" : "";
    return h("span", { class: "state " + result.status, title: when(result.at) + ", " + result.seconds.toFixed(2) + " s" },
      h("span", { "aria-hidden": "true" }, sign), h("span", { class: brief ? "hidden" : "" }, " " + word), rows);
  }

  const when = (at) => at.slice(0, 16).replace("T", " ") + " UTC";

  function crumbs(...parts) {
    return h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, h("a", { href: "#/" }, data.project), parts.map((p) => [" / ", p]));
  }

  function definition(pairs) {
    const found = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
    return found.length ? h("dl", { class: "facts" }, found.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))) : null;
  }

  const list = (items) => h("ul", { class: "plain" }, items.map((item) => h("li", {}, item)));
  const joined = (items) => items.flatMap((item, n) => (n ? [", ", item] : [item]));

  // --- start ---------------------------------------------------------------------------------------------------------------------------

  function start() {
    const kinds = Object.keys(KINDS).map((kind) => [kind, data.tables.filter((t) => t.kind === kind).length]).filter(([, n]) => n);
    return {
      title: data.project,
      content: [
        h("div", { class: "hero" }, h("h1", { tabindex: "-1" }, data.project), h("p", { class: "lead" }, data.description || ""),
          h("ul", { class: "counts" }, kinds.map(([kind, n]) => h("li", { class: "count kind-" + kind }, h("strong", {}, String(n)), " " + (n === 1 ? kind : KINDS[kind].toLowerCase()))))),
        matrix(), lastBuild(), exposures(),
        section("Tables", Object.entries(KINDS).map(([kind, title]) => {
          const found = data.tables.filter((t) => t.kind === kind);
          if (!found.length) return null;
          const cards = () => h("ul", { class: "cards" }, found.map(card));
          if (found.length <= MOST_OPEN) return [h("h3", {}, title), cards()];
          // Drawn when they are asked for: there may be thousands.
          return later(h("details", { class: "many" }, h("summary", {}, h("h3", {}, title), " ", h("span", { class: "small" }, String(found.length)))), cards);
        })),
      ],
    };
  }

  const card = (t) => h("li", {}, h("a", { href: href("table", t.name), class: "card kind-" + t.kind },
    h("span", { class: "name" }, t.name), h("span", { class: "what" }, t.description || ""), h("span", { class: "small" }, count((t.columns || []).length, "column"))));

  /** Details whose content is made when they are first opened. */
  function later(details, make) {
    details.fill = () => { if (details.children.length === 1) details.append(make()); };
    details.addEventListener("toggle", () => { if (details.open) details.fill(); });
    return details;
  }

  function matrix() {
    const { facts, dimensions: every, roles } = data.matrix;
    if (!(facts || []).length || !(every || []).length) return null;
    const used = new Set(roles.map((r) => r.dimension));
    const dimensions = every.length > MOST_OPEN ? every.filter((d) => used.has(d)) : every;
    const cells = new Map();
    for (const r of roles) (cells.get(Model.key(r.fact, r.dimension)) || cells.set(Model.key(r.fact, r.dimension), []).get(Model.key(r.fact, r.dimension))).push(r);
    const cell = (fact, dimension) => {
      const found = cells.get(Model.key(fact, dimension)) || [];
      return h("td", { class: found.length ? "used" : "" }, found.map((r) => {
        const role = r.column.replace(/_key$/, "");
        const plain = found.length === 1 && dimension === "dim_" + role;
        return h("a", { href: href("column", fact, r.column), class: plain ? "dot" : "role", "aria-label": fact + " uses " + dimension + " as " + role }, plain ? "●" : role);
      }));
    };
    return section("Bus matrix",
      h("p", { class: "muted" }, "Which fact uses which dimension. A name stands where a fact uses a dimension in a role of its own.",
        dimensions.length < every.length ? " " + (every.length - dimensions.length) + " dimensions that no fact uses are left out." : ""),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Bus matrix" },
        h("table", { class: "matrix" },
          h("thead", {}, h("tr", {}, h("td", {}), dimensions.map((d) => h("th", { scope: "col" }, h("a", { href: href("table", d) }, d.replace(/^dim_/, "")))))),
          h("tbody", {}, facts.map((f) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: href("table", f) }, f.replace(/^fact_/, "")),
            h("span", { class: "small" }, tables.get(f).grain || "")), dimensions.map((d) => cell(f, d))))))));
  }

  function lastBuild() {
    const found = [...results.values()];
    if (!found.length) return section("Last build", h("p", { class: "muted" }, "No build of the target ", h("code", {}, data.target), " was known when this site was written."));
    const tests = found.filter((r) => r.kind === "test");
    const bad = found.filter((r) => !["pass", "success"].includes(r.status));
    const newest = found.map((r) => r.at).sort().at(-1);
    const number = (status) => tests.filter((r) => status.includes(r.status)).length;
    return section("Last build",
      definition([
        ["Target", data.target + " (" + data.warehouse + ")"], ["When", when(newest)],
        ["Built", count(found.length - tests.length, "table")],
        ["Tests", count(number(["pass"]), "passed", "passed") + ", " + count(number(["warn"]), "warning") + ", " + number(["fail", "error"]) + " failed"],
      ]),
      bad.length ? list(bad.map((r) => [state(r.name), " ", owner(r)])) : h("p", {}, h("span", { class: "state pass" }, "✓ "), "Everything was built, and every test passed."));
  }

  const owners = Model.once(() => {
    const found = new Map();
    for (const t of data.tables) {
      for (const test of t.tests || []) found.set(test.name, [t.name]);
      for (const c of t.columns || []) for (const test of c.tests || []) found.set(test.name, [t.name, c.name]);
    }
    return found;
  });

  function owner(result) {
    const found = owners().get(result.name);
    const link = tables.has(result.name) ? tableLink(result.name) : found ? (found[1] ? columnLink(...found) : tableLink(found[0])) : null;
    return link && result.kind === "test" ? [link, " ", h("code", {}, result.name)] : link || h("code", {}, result.name);
  }

  function exposures() {
    if (!(data.exposures || []).length) return null;
    return section("Who uses it", h("ul", { class: "cards" }, data.exposures.map((e) => h("li", {}, h("a", { href: href("exposure", e.name), class: "card" },
      h("span", { class: "name" }, e.label || e.name), h("span", { class: "what" }, e.description || ""), h("span", { class: "small" }, e.type || ""))))));
  }

  function exposure(name) {
    const e = Model.exposures.get(name);
    if (!e) return missing(name);
    const safe = /^https?:\/\//.test(e.url || "");
    return {
      title: e.label || name,
      content: [crumbs(e.label || name), h("h1", { tabindex: "-1" }, e.label || name), h("p", { class: "lead" }, e.description || ""),
        definition([["Kind", e.type], ["Owner", e.owner ? Object.values(e.owner).join(", ") : ""], ["Maturity", e.maturity],
          ["Address", e.url ? (safe ? h("a", { href: e.url, rel: "noreferrer" }, e.url) : e.url) : ""], ["In the specs", placeOf(e.place)]]),
        section("Uses", list((e.tables || []).map((t) => (tables.has(t) ? [tableLink(t), " ", tables.get(t).description || ""] : t))))],
    };
  }

  // --- tables --------------------------------------------------------------------------------------------------------------------------

  function table(name) {
    const t = tables.get(name);
    if (!t) return missing(name);
    const roles = t.roles || [];
    const measures = (t.columns || []).filter((c) => c.role === "measure");
    const freshness = t.freshness ? Object.entries(t.freshness).map(([k, v]) => k.replace("_", " ") + ": " + v).join(", ") : "";
    const levels = Object.entries(t.hierarchies || {}).map(([k, v]) => k + ": " + v.join(" > ")).join(", ");
    return {
      title: name,
      content: [
        crumbs(KINDS[t.kind]),
        h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, name), kindBadge(t.kind), state(name)),
        h("p", { class: "lead" }, t.description || ""),
        definition([
          ["Grain", t.grain], ["Key", (t.key || []).join(", ")], ["History", t.history], ["Kept as", t.materialized], ["In specs", t.reference],
          ["Hierarchies", levels], ["Freshness", freshness], ["Tags", (t.tags || []).join(", ")], ["Defined in", placeOf(t.place)],
        ]),
        roles.length ? section("Star", star(t, roles, measures)) : null,
        section("Columns", columnTable(t)),
        playedBy(t), referredToBy(t), rowsOf(t),
        (t.reads || []).length || (t.read_by || []).length ? section("Lineage", tableGraph(name)) : null,
        (t.tests || []).length ? section("Tests of the table", testList(t.tests)) : null,
        (t.exposures || []).length ? section("Used by", list(t.exposures.map((e) => h("a", { href: href("exposure", e) }, e)))) : null,
      ],
    };
  }

  function columnTable(t) {
    const row = (c) => h("tr", { role: "row" },
      h("th", { role: "rowheader", scope: "row" }, h("a", { href: href("column", t.name, c.name), class: "name" }, c.name), marks(c)),
      h("td", { role: "cell" }, h("code", {}, c.type || "unknown"), "nullable" in c ? h("span", { class: "small" }, c.nullable ? "may be missing" : "never missing") : null),
      h("td", { role: "cell" }, c.description || "", c.points_to ? h("span", { class: "small" }, "→ ", tableLink(c.points_to.dimension)) : null),
      h("td", { role: "cell" }, (c.tests || []).length ? list(c.tests.map((test) => [state(test.name, true), " ", h("span", { title: detail(test) }, test.test)])) : ""));
    return h("table", { class: "columns", role: "table", "aria-label": "Columns of " + t.name },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Column", "Type", "Description", "Tests"].map((x) => h("th", { role: "columnheader", scope: "col" }, x)))),
      h("tbody", { role: "rowgroup" }, (t.columns || []).map(row)));
  }

  function marks(c) {
    const found = [];
    if (c.role && c.role !== "attribute") found.push(badge(c.role, c.role.replace(" ", "-")));
    if (c.additivity) found.push(badge(c.additivity.replace("_", " ")));
    if (c.pii) found.push(badge("personal data: " + c.pii, "pii"));
    if (c.history) found.push(badge(c.history.split(":")[0], "", c.history));
    if (c.unit) found.push(badge(c.unit, "", "unit"));
    return found.length ? h("span", { class: "marks" }, found) : null;
  }

  const detail = (test) => Object.entries(test.arguments || {}).map(([k, v]) => k + ": " + shown(v)).join("; ");

  function testList(tests) {
    return list(tests.map((test) => [h("strong", {}, test.test), detail(test) ? [" ", h("code", { class: "detail" }, detail(test))] : "",
      test.where ? [" where ", h("code", { class: "detail" }, test.where)] : "", test.severity === "warn" ? " (warns)" : "", " ", state(test.name), " ", placeOf(test.place)]));
  }

  function playedBy(t) {
    if (!(t.played || []).length) return null;
    return section("Facts that use it", list(t.played.map((r) => [columnLink(r.table, r.column), " as " + r.role, r.as_of ? " as of " + r.as_of : "", r.missing ? "; missing members: " + r.missing : ""])));
  }

  function referredToBy(t) {
    if (!(t.outrigger_of || []).length) return null;
    return section("Dimensions that refer to it", list(t.outrigger_of.map((r) => [columnLink(r.table, r.column), " as " + r.role])));
  }

  function rowsOf(t) {
    const found = Model.rowRules(t.name);
    if (!found.length) return null;
    return section("Which rows there are", list(found.map(({ rule, inferred, columns }) => [rule.text, inferred ? badge("inferred") : "", ": ",
      joined(columns.map((c) => columnLink(c.table, c.column))), " ", placeOf(rule.place)])));
  }

  function tableGraph(name) {
    const pairs = [...Model.walkTables(name, true), ...Model.walkTables(name, false)];
    const names = [...new Set([name, ...pairs.flatMap((p) => [p.from, p.to])])].slice(0, MOST_CARDS);
    const cards = new Map(names.map((n) => [n, h("a", { href: href("table", n), class: "node kind-" + tables.get(n).kind + (n === name ? " here" : ""), "aria-current": n === name ? "page" : null },
      h("span", { class: "name" }, soft(n)), h("span", { class: "small" }, tables.get(n).kind))]));
    return [graph(cards, pairs.filter((p) => cards.has(p.from) && cards.has(p.to)), "Tables that " + name + " is made of and that read it", name), cutNote(cards.size, pairs.length)];
  }

  const cutNote = (size) => (size >= MOST_CARDS ? h("p", { class: "muted" }, "Only the nearest " + MOST_CARDS + " are drawn.") : null);

  // --- columns -------------------------------------------------------------------------------------------------------------------------

  function column(tableName, name) {
    const t = tables.get(tableName);
    const edges = t ? [...Model.walk(tableName, name, true), ...Model.walk(tableName, name, false)] : [];
    const c = Model.column(tableName, name) || (edges.length ? { name } : null);
    if (!c) return missing(tableName + "." + name);
    const points = c.points_to;
    return {
      title: tableName + "." + name,
      content: [
        crumbs(KINDS[t.kind], tableLink(tableName)),
        h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, h("span", { class: "of" }, tableName + "."), h("wbr", {}), name), kindBadge(t.kind), marks(c)),
        h("p", { class: "lead" }, c.description || ""),
        definition([
          ["Type", c.type ? c.type + (c.native_type ? " (" + c.native_type + ")" : "") : ""],
          ["Missing values", "nullable" in c ? (c.nullable ? "may be missing" : "never missing") : ""], ["History", c.history],
          ["Points to", points ? [tableLink(points.dimension), points.as_of ? " as of " + points.as_of : "", points.history ? ", " + points.history : ""] : ""],
          ["Missing members", points ? points.missing : ""], ["Defined in", c.place ? placeOf(c.place) : ""],
        ]),
        section("Lineage", edges.length ? columnGraph(tableName, name, edges) : h("p", { class: "muted" }, "It is made of no other column, and no other column of it.")),
        steps(tableName, name),
        rowsOf(t),
        (c.tests || []).length ? section("Tests", testList(c.tests)) : null,
        usedBy(t, name),
      ],
    };
  }

  function columnGraph(tableName, name, edges) {
    const id = (node) => Model.key(node.table, node.column);
    const nodes = new Map([[Model.key(tableName, name), { table: tableName, column: name }]]);
    for (const e of edges) for (const node of [e.from, e.to]) if (nodes.size < MOST_CARDS) nodes.set(id(node), node);
    const cards = new Map([...nodes].map(([key, node]) => {
      const here = node.table === tableName && node.column === name;
      const rules = new Map(edges.filter((e) => id(e.to) === key).flatMap((e) => e.rules.map((r) => [r.text, [r, e.inferred]])));
      return [key, h("a", { href: href("column", node.table, node.column), class: "node kind-" + tables.get(node.table).kind + (here ? " here" : ""), "aria-current": here ? "page" : null },
        h("span", { class: "small" }, soft(node.table)), h("span", { class: "name" }, soft(node.column)),
        rules.size ? h("span", { class: "rules" }, [...rules.values()].map(([r, inferred]) => h("span", { class: "rule" }, soft(r.text), inferred ? " (inferred)" : ""))) : null)];
    }));
    const wires = edges.map((e) => ({ from: id(e.from), to: id(e.to), style: e.inferred ? "inferred" : "" })).filter((w) => cards.has(w.from) && cards.has(w.to));
    return [graph(cards, wires, "What " + tableName + "." + name + " is made of, and what is made of it", Model.key(tableName, name)), cutNote(cards.size)];
  }

  function steps(tableName, name) {
    const groups = new Map();
    for (const e of Model.steps(tableName, name)) {
      const how = [Model.key(e.to.table, e.to.column), ...e.rules.map((r) => r.text + r.place)].join("\n");
      (groups.get(how) || groups.set(how, []).get(how)).push(e);
    }
    if (!groups.size) return null;
    const step = (found) => h("li", {}, columnLink(found[0].to.table, found[0].to.column), " of ", joined(found.map((e) => columnLink(e.from.table, e.from.column))),
      found[0].inferred ? badge("inferred") : "", h("ul", { class: "plain" }, found[0].rules.map((r) => h("li", {}, r.text, " ", placeOf(r.place)))));
    return section("Rules, from the source on", h("ol", { class: "steps" }, [...groups.values()].map(step)));
  }

  function usedBy(t, name) {
    const below = Model.walk(t.name, name, false);
    const joins = [...(t.played || []), ...(t.outrigger_of || [])].filter((r) => r.key === name);
    const names = new Set([t.name, ...below.map((e) => e.to.table), ...joins.map((r) => r.table)]);
    const uses = (data.exposures || []).filter((e) => (e.tables || []).some((x) => names.has(x)));
    const items = [...new Map(below.map((e) => [Model.key(e.to.table, e.to.column), columnLink(e.to.table, e.to.column)])).values(),
      ...joins.map((r) => [columnLink(r.table, r.column), ", which joins it"]), ...uses.map((e) => ["exposure ", h("a", { href: href("exposure", e.name) }, e.label || e.name)])];
    return section("Used by", items.length ? list(items) : h("p", { class: "muted" }, "Nothing in this project."));
  }

  function missing(name) {
    return { title: "Not found", content: [crumbs(), h("h1", { tabindex: "-1" }, "Not found"), h("p", {}, "There is no ", h("code", {}, name), " in this project. "), h("p", {}, h("a", { href: "#/" }, "Go to the start page."))] };
  }

  return { start, table, column, exposure, missing, later, KINDS, MOST_OPEN };
})();
