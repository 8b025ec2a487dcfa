// Runs in the page's own world, the only one that sees what a framework writes on elements. Answers one question, asked
// by an event on a list's island: has the framework taken this island over? It adds nothing to the page.
(() => {
  // `__e` is put there by the server's own `onload` attributes, before hydration: it proves nothing.
  /** @param {Element} element */
  const taken = (element) =>
    Object.getOwnPropertySymbols(element).length > 0 ||
    Object.getOwnPropertyNames(element).some((name) => name.startsWith("__") && name !== "__e");
  document.addEventListener("inkling:ask", ({ target }) => {
    if (!(target instanceof Element)) return;
    for (const element of target.querySelectorAll("button, input, label, img, video, select")) {
      if (taken(element)) return target.dispatchEvent(new Event("inkling:hydrated"));
    }
  });
})();
