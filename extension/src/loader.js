// Runs before all else of ours, and decides whether there is anything of ours to do in this document at all.
{
  const html = document.documentElement;
  const [visit] = performance.getEntriesByType("navigation");
  const { responseStatus = 0 } = /** @type {PerformanceNavigationTiming | undefined} */ (visit) ?? {};
  // 0 is "not known". An error, a challenge (202) or a plain file is answered at a paper's address and is no paper's page.
  const isPage = [0, 200, 304].includes(responseStatus) && document.contentType === "text/html";
  // How much room to keep for us is asked before anything is drawn, and before our modules are even fetched.
  const keepRoom = async () => {
    const { room, state, order } = await chrome.runtime.sendMessage({ type: "page/room" });
    if (document.querySelector("[data-inkling]")) return;
    if (order === "foryou") html.dataset.inklingOrder = "";
    if (room) html.dataset.inklingRoom = room;
    else if (state) html.dataset.inklingState ??= state;
  };
  const giveBack = () => {
    delete html.dataset.inklingOrder;
    delete html.dataset.inklingRoom;
  };
  if (isPage) {
    const kept = keepRoom().catch(() => {});
    import(chrome.runtime.getURL("src/content.js")).then(async ({ isOurs }) => {
      if (!(await isOurs)) kept.then(giveBack);
    });
  }
}
