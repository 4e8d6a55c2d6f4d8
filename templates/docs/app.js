// The frame: which page is shown, the list of tables beside it, the menu, light and dark.
"use strict";
(function () {
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const menu = document.getElementById("menu");
  const theme = document.getElementById("theme");
  const lists = new Map();
  let first = true;

  function pageOf(hash) {
    let parts = [];
    try { parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent).filter(Boolean); } catch { return Pages.missing(hash); }
    if (!parts.length) return Pages.start();
    const [kind, ...names] = parts;
    if (["table", "column", "exposure"].includes(kind) && names.length) return Pages[kind](...names);
    return Pages.missing(parts.join("/"));
  }

  function show() {
    const { title, content } = pageOf(location.hash);
    document.title = title === Model.data.project ? title : title + " · " + Model.data.project;
    main.replaceChildren(...content.flat(Infinity).filter(Boolean));
    mark();
    toggle(false);
    if (!first) { scrollTo(0, 0); main.querySelector("h1").focus({ preventScroll: true }); }
    first = false;
  }

  /** In the list beside the page, the table that it is about. */
  function mark() {
    nav.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const [kind, name] = location.hash.replace(/^#\/?/, "").split("/");
    const link = kind === "table" || kind === "column" ? "#/table/" + name : null;
    const table = link && Model.data.tables.find((t) => href("table", t.name) === link);
    if (!table) return;
    const details = lists.get(table.kind);
    details.fill();
    details.open = true;
    const found = [...details.querySelectorAll("a")].find((a) => a.getAttribute("href") === link);
    found.setAttribute("aria-current", "page");
    found.scrollIntoView({ block: "nearest" });
  }

  function toggle(is) {
    document.body.classList.toggle("with-menu", is);
    menu.setAttribute("aria-expanded", String(is));
  }

  function paint() {
    const dark = document.documentElement.dataset.theme === "dark";
    theme.setAttribute("aria-pressed", String(dark));
  }

  for (const [kind, title] of Object.entries(Pages.KINDS)) {
    const found = Model.data.tables.filter((t) => t.kind === kind);
    if (!found.length) continue;
    const details = h("details", {}, h("summary", {}, title, " ", h("span", { class: "small" }, String(found.length))));
    lists.set(kind, Pages.later(details, () => h("ul", {}, found.map((t) => h("li", {}, h("a", { href: href("table", t.name), class: "kind-" + kind }, soft(t.name)))))));
    nav.append(details);
    if (kind !== "staging" && kind !== "source" && found.length <= Pages.MOST_OPEN) {
      details.open = true;
      details.fill();
    }
  }
  menu.addEventListener("click", () => toggle(menu.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") { toggle(false); menu.focus(); } });
  theme.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("whgen-theme", next); } catch { /* Then it is for this page only. */ }
    paint();
  });
  // The fragment names the page, so the link that skips to the content moves the focus itself.
  document.querySelector("[data-skip]").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
  addEventListener("hashchange", show);
  paint();
  show();
})();
