// The data, by name: tables, columns, edges in both directions, the last result of each model and test.
"use strict";
const Model = (function () {
  const data = window.WHGEN;
  const tables = new Map(data.tables.map((t) => [t.name, t]));
  const results = new Map((data.results || []).map((r) => [r.name, r]));
  const exposures = new Map((data.exposures || []).map((e) => [e.name, e]));
  const key = (table, column) => table + "\n" + column;

  /** Made when it is first asked for: a start page needs none of it. */
  function once(make) {
    let made = null;
    return () => (made = made || make());
  }

  /** Edges by what they make and by what they are made of. */
  const edges = once(() => {
    const lineage = JSON.parse(window.WHGEN_LINEAGE);
    const rules = lineage.rules.map(([kind, text, file, line]) => ({ kind, text, place: lineage.files[file] + ":" + line }));
    const found = { into: new Map(), outOf: new Map() };
    const push = (map, k, edge) => (map.get(k) || map.set(k, []).get(k)).push(edge);
    for (const [from, fromColumn, to, toColumn, inferred, used] of lineage.edges) {
      const edge = {
        from: { table: data.tables[from].name, column: fromColumn },
        to: { table: data.tables[to].name, column: toColumn },
        inferred: Boolean(inferred),
        rules: used.map((n) => rules[n]),
      };
      push(found.into, key(edge.to.table, edge.to.column), edge);
      push(found.outOf, key(edge.from.table, edge.from.column), edge);
    }
    return found;
  });

  /** The edges between columns that lead to a column, or away from it; rows of tables are told apart. */
  function walk(table, column, up) {
    const found = [];
    const seen = new Set([key(table, column)]);
    const pending = [{ table, column }];
    while (pending.length) {
      const here = pending.shift();
      for (const edge of (up ? edges().into : edges().outOf).get(key(here.table, here.column)) || []) {
        if (!edge.from.column || !edge.to.column) continue;
        found.push(edge);
        const next = up ? edge.from : edge.to;
        if (!seen.has(key(next.table, next.column))) {
          seen.add(key(next.table, next.column));
          pending.push(next);
        }
      }
    }
    return found;
  }

  /** The edges that lead to a column in the order in which they are done: each after all that its source is made by. */
  function steps(table, column) {
    const found = [];
    const seen = new Set();
    const visit = (node) => {
      if (seen.has(key(node.table, node.column))) return;
      seen.add(key(node.table, node.column));
      const here = (edges().into.get(key(node.table, node.column)) || []).filter((e) => e.from.column);
      for (const edge of here) visit(edge.from);
      found.push(...here);
    };
    visit({ table, column });
    return found;
  }

  /** What decides which rows a table has: conditions, dedupe, history, joins; grouped by rule. */
  function rowRules(table) {
    const found = new Map();
    for (const edge of edges().into.get(key(table, "")) || []) {
      if (!edge.from.column) continue;
      for (const rule of edge.rules) {
        const entry = found.get(rule.text) || found.set(rule.text, { rule, inferred: edge.inferred, columns: [] }).get(rule.text);
        entry.columns.push(edge.from);
      }
    }
    return [...found.values()];
  }

  /** Pairs of tables, each read by the next, that lead to a table or away from it. */
  function walkTables(name, up) {
    const found = [];
    const seen = new Set([name]);
    const pending = [name];
    while (pending.length) {
      const here = tables.get(pending.shift());
      for (const other of (up ? here.reads : here.read_by) || []) {
        found.push(up ? { from: other, to: here.name } : { from: here.name, to: other });
        if (!seen.has(other)) { seen.add(other); pending.push(other); }
      }
    }
    return found;
  }

  const column = (t, c) => (tables.get(t)?.columns || []).find((found) => found.name === c);
  return { data, tables, results, exposures, key, once, walk, steps, walkTables, rowRules, column };
})();
