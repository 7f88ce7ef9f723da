// What the studio's page does by itself in the browser: its keys, its theme, its address.
window.pellucid = {
  keepAddress(query) {
    history.replaceState(history.state, "", location.pathname + (query ? "?" + query : ""));
  },
  turnTheme() {
    const dark = !Quasar.Dark.isActive;
    Quasar.Dark.set(dark);
    try { localStorage.setItem("pellucid-theme", dark ? "dark" : "light"); } catch { /* not allowed */ }
  },
  /** Bring an element into view that is wholly below what is seen; one that is seen stays where it is. */
  reveal(id) {
    const element = document.getElementById(id), calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => {
      if (element.getBoundingClientRect().top >= innerHeight - 60)
        element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    });
  },
  keys: { " ": "play", r: "rewind", s: "one-step", e: "one-epoch" },
};
document.addEventListener("keydown", (event) => {
  const name = pellucid.keys[event.key.toLowerCase()];
  const busy = event.target.closest("input, textarea, select, button, [contenteditable], [role=slider], [role=tab], [role=combobox], [role=listbox]");
  if (!name || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!event.repeat || name !== "play") document.getElementById(name)?.click();
});
{
  const query = new URLSearchParams(location.search);
  if (query.has("token")) {  // the cookie has it from here on
    query.delete("token");
    pellucid.keepAddress(query.toString().replaceAll("%2C", ","));
  }
}
window.addEventListener("load", () => {
  let kept = null;
  try { kept = localStorage.getItem("pellucid-theme"); } catch { /* not allowed */ }
  if (kept) Quasar.Dark.set(kept === "dark");
});
