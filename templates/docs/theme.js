// Before anything is drawn: light or dark, as chosen here before, or as the system has it.
"use strict";
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("whgen-theme"); } catch { /* Some browsers keep nothing for files. */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
