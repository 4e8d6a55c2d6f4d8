// The frame: which page is shown, the list of tables beside it, the menu, light and dark.
"use strict";
(function () {
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const menu = document.getElementById("menu");
  const theme = document.getElementById("theme");
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
    for (const link of nav.querySelectorAll("a")) {
      const here = location.hash === link.getAttribute("href") || location.hash.startsWith(link.getAttribute("href").replace("#/table/", "#/column/") + "/");
      if (here) { link.setAttribute("aria-current", "page"); link.closest("details").open = true; link.scrollIntoView({ block: "nearest" }); } else link.removeAttribute("aria-current");
    }
    toggle(false);
    if (!first) { scrollTo(0, 0); main.querySelector("h1").focus({ preventScroll: true }); }
    first = false;
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
    const open = kind !== "staging" && kind !== "source" && found.length <= 60;
    nav.append(h("details", { open }, h("summary", {}, title, " ", h("span", { class: "small" }, String(found.length))),
      h("ul", {}, found.map((t) => h("li", {}, h("a", { href: href("table", t.name), class: "kind-" + kind }, t.name))))));
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
