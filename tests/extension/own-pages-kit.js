/** One of the extension's own pages in jsdom, with a worker and a browser that answer as a test says. */

import { readFileSync } from "node:fs";
import { vi } from "vitest";
import { openPage } from "./page-kit.js";

const read = (path) => readFileSync(new URL(`../../extension/${path}`, import.meta.url), "utf8");
const messages = JSON.parse(read("_locales/en/messages.json"));

/** A status as the worker gives it. @param {object} [over] */
export const status = (over = {}) => ({
  state: "ready",
  paired: true,
  serverUrl: "https://lab.example",
  agreed: "https://lab.example",
  connection: { health: "ok" },
  waiting: 0,
  dead: 0,
  queue_full: false,
  upvotes: 0,
  pauses: {},
  managed: {},
  here: { site: "huggingface" },
  preferences: {
    capture: "auto",
    order: "original",
    upvote_is_save: false,
    sites: { huggingface: true, arxiv: false },
    shortcuts: { save: "s", hide: "x" },
  },
  ...over,
});

/** What a worker that knows of nothing answers. */
const EMPTY = {
  "status/get": { status: status() },
  "devices/list": { items: [] },
  "dead/list": { lines: [] },
  "interests/list": { interests: [], followed: [], muted: [] },
};

/**
 * Open a page and stub the browser; the page's script is still to be imported.
 * @param {string} path inside extension/
 * @param {{answer?: (message: any) => any, allowed?: boolean, granted?: boolean}} [options]
 */
export function openOwnPage(path, { answer = () => undefined, allowed = true, granted = true } = {}) {
  const { window } = openPage("https://us.example.org/page.html", { html: read(path) });
  const sent = [];
  const requested = [];
  const sendMessage = async (message) => {
    sent.push(message);
    return (await answer(message)) ?? { ok: true, ...EMPTY[message.type] };
  };
  const getMessage = (key, values = []) => messages[key].message.replace(/\$(\d)/g, (_, at) => values[at - 1]);
  const permissions = {
    contains: async () => allowed,
    request: async (wanted) => (requested.push(wanted), granted),
  };
  vi.stubGlobal("navigator", { userAgent: "Firefox on Linux" });
  vi.stubGlobal("chrome", {
    i18n: { getMessage },
    runtime: { id: "us", sendMessage, getManifest: () => ({ version: "1.0.0" }), openOptionsPage() {} },
    permissions,
    tabs: { query: async () => [{ id: 7 }] },
    storage: { onChanged: { addListener() {} } },
  });
  vi.resetModules();
  return { window, sent, requested, of: (type) => sent.filter((message) => message.type === type) };
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {EventTarget} target @param {string} type @param {object} [more] */
export const dispatch = (target, type, more = {}) =>
  target.dispatchEvent(Object.assign(new document.defaultView.Event(type, { bubbles: true, cancelable: true }), more));
