// Runs before all else of ours, and decides whether there is anything of ours to do in this document at all, and how
// much
// room is kept for it. Until the worker has said so the list is not drawn (ui/reserve.css). What it says later than
// LATEST_MS
// keeps no room, for that would move what is seen by then: what is ours stands over the page instead.
{
  const LATEST_MS = 2500;
  const { dataset } = document.documentElement;
  const began = performance.now();
  const [visit] = performance.getEntriesByType("navigation");
  const { responseStatus = 0 } = /** @type {PerformanceNavigationTiming | undefined} */ (visit) ?? {};
  // An error, a challenge (202) or a plain file may come at a paper's address, and is no paper's page; 0 is "not
  // known".
  const isPage = responseStatus < 400 && responseStatus !== 202 && document.contentType === "text/html";

  const giveBack = () => {
    delete dataset.inklingOrder;
    delete dataset.inklingRoom;
  };

  /** @param {{room?: string | null, state?: string, order?: string}} [answer] */
  const decide = ({ room, state, order } = {}) => {
    const at = performance.now();
    // By the clock, not by which of timer and answer came first on a busy machine: what is late may be seen already.
    const isLate = at - began >= LATEST_MS || !state;
    giveBack();
    if (!isLate && room) dataset.inklingRoom = room;
    if (!isLate && room && order === "foryou") dataset.inklingOrder = "";
    if (!isLate && !room) dataset.inklingState ??= state;
    return { at, isLate };
  };

  const askForRoom = () => {
    dataset.inklingRoom = "wait";
    const asked = chrome.runtime.sendMessage({ type: "page/room" }).catch(() => undefined);
    return Promise.race([asked, new Promise((settle) => setTimeout(settle, LATEST_MS))]).then(decide);
  };

  if (isPage) {
    // Where an older copy of ours has been at work the page is drawn, and its place is taken over.
    const decided = document.querySelector("[data-inkling]") ? undefined : askForRoom();
    // Read by page/lifecycle.js, in the same world of scripts.
    Object.assign(globalThis, { inklingDecided: decided });
    import(chrome.runtime.getURL("src/content.js")).then(async ({ isOurs }) => {
      if (await isOurs) return;
      await decided;
      giveBack();
    });
  }
}
