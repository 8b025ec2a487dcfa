// Runs in the page's own world, the only one that sees what a framework writes on elements, and from the first moment on.
// Answers one question, asked by an event on a list's island: has the framework taken this island over? Adds nothing.
(() => {
  /** Islands in which attributes were set before anybody asked: Svelte 4 sets them all, and leaves no other trace. */
  const changed = new WeakSet();
  /** @param {MutationRecord[]} records */
  const note = (records) => {
    for (const { target } of records) {
      const island = target instanceof Element && target.parentElement?.closest("[data-target]");
      if (island) changed.add(island);
    }
  };
  const watch = new MutationObserver(note);
  watch.observe(document, { subtree: true, attributes: true, attributeFilter: ["class", "href"] });

  // `__e` is put there by the server's own `onload` attributes, before hydration: it proves nothing.
  /** @param {Element} element */
  const isTaken = (element) =>
    Object.getOwnPropertySymbols(element).length > 0 ||
    Object.getOwnPropertyNames(element).some((name) => name.startsWith("__") && name !== "__e");

  document.addEventListener("inkling:ask", ({ target }) => {
    if (!(target instanceof Element)) return;
    // From now on the one who asks is watching.
    note(watch.takeRecords());
    watch.disconnect();
    const elements = [...target.querySelectorAll("button, input, label, img, video, select")];
    if (changed.has(target) || elements.some(isTaken)) target.dispatchEvent(new Event("inkling:hydrated"));
  });
})();
