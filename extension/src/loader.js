// Runs before all else of ours: decides whether we do anything in this document, and how much room is reserved. Until
// the worker has answered, the listing is not drawn (ui/reserve.css). An answer later than LATEST_MS reserves no room,
// since that would move what the reader already sees: the panel then floats over the page.
{
  const LATEST_MS = 2500;
  const { dataset } = document.documentElement;
  const began = performance.now();
  const [visit] = performance.getEntriesByType("navigation");
  const { responseStatus = 0 } = /** @type {PerformanceNavigationTiming | undefined} */ (visit) ?? {};
  // At a paper's address there may be an error, a challenge (202) or a plain file instead; 0 is "not known".
  const isPage = responseStatus < 400 && responseStatus !== 202 && document.contentType === "text/html";

  const releaseRoom = () => {
    delete dataset.inklingOrder;
    delete dataset.inklingRoom;
  };

  /** @param {{room?: string | null, state?: string, order?: string}} [answer] */
  const decide = ({ room, state, order } = {}) => {
    const at = performance.now();
    // By the clock: on a busy machine the answer may come before an overdue timer.
    const isLate = at - began >= LATEST_MS || !state;
    releaseRoom();
    if (!isLate && room) dataset.inklingRoom = room;
    if (!isLate && room && order === "foryou") dataset.inklingOrder = "";
    if (!isLate && !room) dataset.inklingState ??= state;
    return { at, isLate };
  };

  const askForRoom = () => {
    dataset.inklingRoom = "wait";
    const reply = chrome.runtime.sendMessage({ type: "page/room" }).catch(() => undefined);
    return Promise.race([reply, new Promise((settle) => setTimeout(settle, LATEST_MS))]).then(decide);
  };

  if (isPage) {
    // If an older copy of ours was at work, the page is drawn already, and we take over its room.
    const decided = document.querySelector("[data-inkling]") ? undefined : askForRoom();
    // page/lifecycle.js, in the same script world, waits for it.
    Object.assign(globalThis, { inklingDecided: decided });
    import(chrome.runtime.getURL("src/content.js")).then(async ({ isOurs }) => {
      if (await isOurs) return;
      await decided;
      releaseRoom();
    });
  }
}
