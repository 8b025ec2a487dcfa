// How much room to keep for us is asked before anything is drawn, and before our modules are even fetched.
chrome.runtime.sendMessage({ type: "page/room" }).then(
  ({ room, state, order }) => {
    const { dataset } = document.documentElement;
    if (document.querySelector("[data-inkling]")) return;
    if (order === "foryou") dataset.inklingOrder = "";
    if (room) dataset.inklingRoom = room;
    else if (state) dataset.inklingState ??= state;
  },
  () => {},
);
import(chrome.runtime.getURL("src/content.js"));
