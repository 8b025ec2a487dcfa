// Runs in the page's own world from the start: only there can a script see what a framework writes on elements. Answers
// one question, asked by an event on an island: has the framework hydrated it? Adds nothing to the page.
(() => {
  /** Islands in which attributes were set: Svelte 4 sets them all when it hydrates, and leaves no other sign. */
  const changed = new WeakSet();
  /** @param {MutationRecord[]} records */
  const note = (records) => {
    for (const { target } of records) {
      const island = target instanceof Element && target.parentElement?.closest("[data-target]");
      if (island) changed.add(island);
    }
  };
  const observer = new MutationObserver(note);
  observer.observe(document, { subtree: true, attributes: true, attributeFilter: ["class", "href"] });

  /**
   * Whether a framework has put a property on an element. `__e` comes from the server's own `onload` attributes, before
   * hydration, and does not count.
   * @param {Element} element
   */
  const isHydrated = (element) =>
    Object.getOwnPropertySymbols(element).length > 0 ||
    Object.getOwnPropertyNames(element).some((name) => name.startsWith("__") && name !== "__e");

  /**
   * Svelte 5 leaves comments such as `[` between nodes, and hydrates without setting attributes.
   * @param {Element} island
   */
  const isSvelte5 = (island) => {
    const comments = document.createTreeWalker(island, NodeFilter.SHOW_COMMENT);
    while (comments.nextNode()) if (/^\[/.test(comments.currentNode.nodeValue ?? "")) return true;
    return false;
  };

  /** @param {Element} island */
  const hasHydrated = (island) => {
    for (const element of island.querySelectorAll("a, button, input, label, img, video, select"))
      if (isHydrated(element)) return true;
    return false;
  };

  document.addEventListener("inkling:ask", ({ target }) => {
    if (!(target instanceof Element)) return;
    note(observer.takeRecords());
    if ((changed.has(target) && !isSvelte5(target)) || hasHydrated(target))
      target.dispatchEvent(new Event("inkling:hydrated"));
  });
})();
