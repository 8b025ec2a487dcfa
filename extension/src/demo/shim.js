/**
 * Stands in for the browser on the server's own `/demo` page, so that the very code of the extension runs there without
 * being installed: `chrome.*` over the page's own storage, then the real worker and the real content script.
 *
 * Never loaded by the extension itself: its manifest does not name it.
 */

const ROOT = new URL("../../", import.meta.url).href;
const STORE = "inkling-demo:";

/**
 * @returns {{addListener: (call: Function) => void, removeListener: (call: Function) => void, tell: (...told: any[]) =>
 * void, calls: Set<Function>}}
 */
function happening() {
  /** @type {Set<Function>} */
  const calls = new Set();
  return {
    calls,
    addListener: (call) => void calls.add(call),
    removeListener: (call) => void calls.delete(call),
    tell: (...told) => calls.forEach((call) => call(...told)),
  };
}

const changed = happening();

/** @param {Storage} kept @param {string} area */
function storageArea(kept, area) {
  /** @param {string} key */
  const value = (key) => JSON.parse(kept.getItem(STORE + key) ?? "null") ?? undefined;
  const keys = () =>
    Object.keys(kept)
      .filter((key) => key.startsWith(STORE))
      .map((key) => key.slice(STORE.length));
  return {
    /** @param {Record<string, any> | null} wanted */
    async get(wanted) {
      const names = wanted ? Object.keys(wanted) : keys();
      return Object.fromEntries(names.map((key) => [key, value(key) ?? wanted?.[key]]));
    },
    /** @param {Record<string, any>} items */
    async set(items) {
      const changes = Object.fromEntries(
        Object.keys(items).map((key) => [key, { oldValue: value(key), newValue: items[key] }]),
      );
      for (const [key, item] of Object.entries(items)) kept.setItem(STORE + key, JSON.stringify(item));
      setTimeout(() => changed.tell(changes, area));
    },
    async clear() {
      for (const key of keys()) kept.removeItem(STORE + key);
    },
  };
}

/** @param {Record<string, {message: string}>} messages */
function messageReader(messages) {
  /** @param {string} key @param {string[]} [values] */
  return (key, values = []) =>
    (messages[key]?.message ?? "").replace(/\$(\d)/g, (_, at) => values[Number(at) - 1] ?? "");
}

const nothing = async () => {};

/**
 * @param {Record<string, any>} manifest
 * @param {ReturnType<typeof happening>} messaging
 */
function runtimeOf(manifest, messaging) {
  const sender = { id: "demo", url: location.href, tab: { id: 1 } };
  /** The worker's listener is the one that answers by its third argument; the page's own listeners only hear. */
  const sendMessage = (/** @type {any} */ message) =>
    new Promise((settle) =>
      [...messaging.calls]
        .filter((call) => call.length === 3)
        .forEach((call) => call(structuredClone(message), sender, settle)),
    );
  return {
    id: "demo",
    getURL: (/** @type {string} */ path) => new URL(path.replace(/^\//, "") || "own/", ROOT).href,
    getManifest: () => manifest,
    sendMessage,
    onMessage: messaging,
    onStartup: happening(),
    onInstalled: happening(),
    openOptionsPage: nothing,
  };
}

/** @param {ReturnType<typeof happening>} messaging */
const tabsOf = (messaging) => ({
  onCreated: happening(),
  onRemoved: happening(),
  create: nothing,
  sendMessage: async (/** @type {number} */ _tab, /** @type {any} */ message) =>
    [...messaging.calls]
      .filter((call) => call.length !== 3)
      .forEach((call) => call(structuredClone(message), { id: "demo" })),
});

function makeAlarms() {
  const alarm = happening();
  return {
    create: async (/** @type {string} */ name, /** @type {{periodInMinutes: number}} */ { periodInMinutes }) =>
      void setInterval(() => alarm.tell({ name }), periodInMinutes * 60_000),
    get: nothing,
    clearAll: nothing,
    onAlarm: alarm,
  };
}

/** @param {Record<string, any>} manifest @param {Record<string, {message: string}>} messages */
function shim(manifest, messages) {
  const messaging = happening();
  return {
    runtime: runtimeOf(manifest, messaging),
    storage: {
      local: storageArea(localStorage, "local"),
      session: storageArea(sessionStorage, "session"),
      onChanged: changed,
    },
    i18n: { getMessage: messageReader(messages) },
    alarms: makeAlarms(),
    tabs: tabsOf(messaging),
    action: { setIcon: nothing, setBadgeText: nothing, setBadgeBackgroundColor: nothing },
    commands: { onCommand: happening() },
  };
}

/** @param {string} path @returns {Promise<any>} */
const json = async (path) => (await fetch(new URL(path, ROOT))).json();

const [manifest, messages] = await Promise.all([json("manifest.json"), json("_locales/en/messages.json")]);
const token = document.querySelector('meta[name="inkling-demo-token"]')?.getAttribute("content") ?? "";
const chrome = shim(manifest, messages);
// A demo home made anew has another token: what an older one left in this browser is not its reader's.
const kept = await chrome.storage.local.get({ token: "" });
if (kept.token && kept.token !== token) await chrome.storage.local.clear();
await chrome.storage.local.set({ serverUrl: location.origin, token, agreed: location.origin });
Object.assign(globalThis, { chrome });
// As the style that a browser brings along with the content script does (ui/reserve.css).
for (const display of ["block", "flex", "contents"])
  document.documentElement.style.setProperty(`--inkling-${display}`, display);
await import("../background.js");
await import("../content.js");
