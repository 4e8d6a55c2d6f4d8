// Search over tables and columns, for mouse and keyboard.
"use strict";
(function () {
  const input = document.getElementById("search");
  const box = document.getElementById("found");
  const MOST = 12;
  const entries = Model.once(() => {
    const found = [];
    for (const t of Model.data.tables) {
      const low = t.name.toLowerCase();
      found.push({ name: t.name, table: t, low, full: low.replace(/^(dim_|fact_|stg_)/, ""), text: (t.description || "").toLowerCase(), to: href("table", t.name) });
      for (const c of t.columns || []) {
        found.push({ name: c.name, table: t, column: c, low: c.name.toLowerCase(), full: (t.name + "." + c.name).toLowerCase(), text: (c.description || "").toLowerCase(), to: href("column", t.name, c.name) });
      }
    }
    for (const e of Model.data.exposures || []) {
      found.push({ name: e.label || e.name, low: (e.name + " " + (e.label || "")).toLowerCase(), text: (e.description || "").toLowerCase(), to: href("exposure", e.name) });
    }
    return found;
  });
  const WEIGHT = { fact: 0, dimension: 1, model: 2, staging: 4, seed: 4, source: 5 };
  let active = -1;

  /** The lower the better; nothing for what does not match. */
  function rank(entry, words) {
    let total = entry.table ? WEIGHT[entry.table.kind] + (entry.column ? 1 : 0) : 3;
    for (const word of words) {
      const at = entry.low.indexOf(word);
      if (entry.low === word) total += 0;
      else if (entry.full === word) total += 1;
      else if (at === 0 || (!entry.column && entry.full && entry.full.startsWith(word))) total += 10;
      else if (at > 0 && /[_ .]/.test(entry.low[at - 1])) total += 20;
      else if (entry.full && entry.full.includes(word)) total += 30;
      else if (at > 0) total += 30;
      else if (entry.text.includes(word)) total += 60;
      else return null;
    }
    return total;
  }

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = !words.length ? [] : entries().map((e) => [rank(e, words), e]).filter(([r]) => r !== null).sort((a, b) => a[0] - b[0] || a[1].low.localeCompare(b[1].low));
    active = found.length ? 0 : -1;
    box.replaceChildren(...found.slice(0, MOST).map(([, e], n) => h("li", { role: "option", id: "found-" + n, "data-to": e.to, onmousedown: (event) => { event.preventDefault(); go(e.to); } },
      h("span", { class: "name" }, e.name), e.column ? h("span", { class: "small" }, e.table.name) : null,
      h("span", { class: "badge " + (e.table ? "kind-" + e.table.kind : "") }, e.table ? (e.column ? "column" : e.table.kind) : "exposure"))));
    if (words.length && !found.length) box.replaceChildren(h("li", { class: "none", role: "option", "aria-disabled": "true" }, "Nothing has this name."));
    if (found.length > MOST) box.append(h("li", { class: "none", role: "option", "aria-disabled": "true" }, "and " + (found.length - MOST) + " more"));
    open(words.length > 0);
    mark();
  }

  function open(is) {
    box.hidden = !is;
    input.setAttribute("aria-expanded", String(is));
    if (!is) input.removeAttribute("aria-activedescendant");
  }

  function mark() {
    [...box.querySelectorAll("[data-to]")].forEach((item, n) => {
      item.setAttribute("aria-selected", String(n === active));
      if (n === active) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    });
  }

  function go(to) {
    open(false);
    input.value = "";
    input.blur();
    location.hash = to;
  }

  input.addEventListener("input", show);
  input.addEventListener("focus", () => { if (input.value) show(); });
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    const items = box.querySelectorAll("[data-to]");
    if (event.key === "Escape") { open(false); input.value = ""; input.blur(); }
    else if (event.key === "Enter" && active >= 0 && items[active]) go(items[active].dataset.to);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (items.length) active = (active + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
      mark();
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); input.focus(); }
  });
})();
