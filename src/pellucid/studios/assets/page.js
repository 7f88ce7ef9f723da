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
{
  const TYPED = "input:not([type=range]), textarea, select, [contenteditable], [role=combobox], [role=listbox], .q-dialog";
  const PRESSED = "button, a, [role=tab], [role=checkbox], [role=switch], [role=application]";  // by Space themselves
  document.addEventListener("keydown", (event) => {
    const name = pellucid.keys[event.key.toLowerCase()], at = event.target;
    const busy = at.closest(TYPED) || (event.key === " " && at.closest(PRESSED));
    if (!name || busy || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!event.repeat || name !== "play") document.getElementById(name)?.click();
  });
  // Tooltips come to whoever goes by keys, too, and go at Escape.
  const hover = (kind) => (event) => event.target.dispatchEvent?.(new MouseEvent(kind));
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) hover("mouseenter")(event);
  });
  document.addEventListener("focusout", hover("mouseleave"));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hover("mouseleave")(event); });
  // What Quasar puts around an open tab has that tab's name.
  new MutationObserver(() => {
    for (const around of document.querySelectorAll(".q-panel[role=tabpanel]:not([aria-label])"))
      around.ariaLabel = around.firstElementChild?.ariaLabel ?? null;
  }).observe(document, { childList: true, subtree: true });
}
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
