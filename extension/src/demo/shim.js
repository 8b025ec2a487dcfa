/**
 * Stands in for the browser on the server's own `/demo` page: `chrome.*` over the page's storage, then the real worker
 * and the real content script, so that the extension runs there without being installed.
 *
 * The extension itself never loads this file: its manifest does not name it.
 */

const ROOT = new URL("../../", import.meta.url).href;
const STORE = "inkling-demo:";

/**
 * An event as `chrome.*` has them.
 * @returns {{addListener: (call: Function) => void, removeListener: (call: Function) => void,
 *   fire: (...details: any[]) => void, calls: Set<Function>}}
 */
function makeEvent() {
  /** @type {Set<Function>} */
  const calls = new Set();
  return {
    calls,
    addListener: (call) => void calls.add(call),
    removeListener: (call) => void calls.delete(call),
    fire: (...details) => calls.forEach((call) => call(...details)),
  };
}

const changed = makeEvent();

/**
 * @param {Storage} storage
 * @param {string} area
 */
function storageArea(storage, area) {
  /** @param {string} key */
  const value = (key) => JSON.parse(storage.getItem(STORE + key) ?? "null") ?? undefined;
  const keys = () =>
    Object.keys(storage)
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
      for (const [key, item] of Object.entries(items)) storage.setItem(STORE + key, JSON.stringify(item));
      setTimeout(() => changed.fire(changes, area));
    },
    async clear() {
      for (const key of keys()) storage.removeItem(STORE + key);
    },
  };
}

/** @param {Record<string, {message: string}>} messages */
function messageReader(messages) {
  /**
   * @param {string} key
   * @param {string[]} [values]
   */
  return (key, values = []) =>
    (messages[key]?.message ?? "").replace(/\$(\d)/g, (_, at) => values[Number(at) - 1] ?? "");
}

const nothing = async () => {};

/**
 * @param {Record<string, any>} manifest
 * @param {ReturnType<typeof makeEvent>} messaging
 */
function runtimeOf(manifest, messaging) {
  const sender = { id: "demo", url: location.href, tab: { id: 1 } };
  /** The listener with a third argument, to answer, is the worker's; the page's own only listen. */
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
    onStartup: makeEvent(),
    onInstalled: makeEvent(),
    openOptionsPage: nothing,
  };
}

/** @param {ReturnType<typeof makeEvent>} messaging */
const tabsOf = (messaging) => ({
  onCreated: makeEvent(),
  onRemoved: makeEvent(),
  create: nothing,
  sendMessage: async (/** @type {number} */ _tab, /** @type {any} */ message) =>
    [...messaging.calls]
      .filter((call) => call.length !== 3)
      .forEach((call) => call(structuredClone(message), { id: "demo" })),
});

function makeAlarms() {
  const alarm = makeEvent();
  return {
    create: async (/** @type {string} */ name, /** @type {{periodInMinutes: number}} */ { periodInMinutes }) =>
      void setInterval(() => alarm.fire({ name }), periodInMinutes * 60_000),
    get: nothing,
    clearAll: nothing,
    onAlarm: alarm,
  };
}

/**
 * @param {Record<string, any>} manifest
 * @param {Record<string, {message: string}>} messages
 */
function makeChrome(manifest, messages) {
  const messaging = makeEvent();
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
    commands: { onCommand: makeEvent() },
  };
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
const json = async (path) => (await fetch(new URL(path, ROOT))).json();

const [manifest, messages] = await Promise.all([json("manifest.json"), json("_locales/en/messages.json")]);
const token = document.querySelector('meta[name="inkling-demo-token"]')?.getAttribute("content") ?? "";
const chrome = makeChrome(manifest, messages);
// A new demo home has another token: what an older one left in this browser belongs to another reader.
const kept = await chrome.storage.local.get({ token: "" });
if (kept.token && kept.token !== token) await chrome.storage.local.clear();
await chrome.storage.local.set({ serverUrl: location.origin, token, agreed: location.origin });
Object.assign(globalThis, { chrome });
// A browser adds these with the content script's style (ui/reserve.css).
for (const display of ["block", "flex", "contents"])
  document.documentElement.style.setProperty(`--inkling-${display}`, display);
await import("../background.js");
await import("../content.js");
