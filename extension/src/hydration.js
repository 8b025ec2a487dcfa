// Runs in the page's own world, the only one that sees what a framework writes on elements, and from the first moment
// on.
// Answers one question, asked by an event on a list's island: has the framework taken this island over? Adds nothing.
(() => {
  /** Islands in which attributes were set: Svelte 4 sets them all when it hydrates, and leaves no other trace. */
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

  /** Svelte 5 leaves comments such as `[` between nodes, and hydrates without setting attributes. */
  /** @param {Element} island */
  const isOfSvelte5 = (island) => {
    const comments = document.createTreeWalker(island, NodeFilter.SHOW_COMMENT);
    while (comments.nextNode()) if (/^\[/.test(comments.currentNode.nodeValue ?? "")) return true;
    return false;
  };

  document.addEventListener("inkling:ask", ({ target }) => {
    if (!(target instanceof Element)) return;
    note(watch.takeRecords());
    const elements = [...target.querySelectorAll("a, button, input, label, img, video, select")];
    if ((changed.has(target) && !isOfSvelte5(target)) || elements.some(isTaken))
      target.dispatchEvent(new Event("inkling:hydrated"));
  });
})();
