/**
 * The service worker: listeners, each at the top level and each handing on at once. It keeps nothing in memory that
 * matters, for the browser may end it between any two lines.
 */

import { browser } from "./browser.js";
import { TO_PAGE, refuse } from "./messages.js";
import { ServerError } from "./server-api.js";
import { onChanged, protect, read } from "./storage.js";
import { forgetFailures } from "./worker/connection.js";
import { fromOwn, pause } from "./worker/from-own.js";
import { fromPage, sendSoon } from "./worker/from-page.js";
import { isNewOpen, menuBehind } from "./worker/opens.js";
import { enqueue, flush } from "./worker/queue.js";
import { drawIcon, isPaused, openPages, pushViews, rememberPage, stateOf, tellTab } from "./worker/view.js";

const { runtime, tabs, alarms, commands } = browser();
const FLUSH = "flush";
/** Changes of these say nothing new to an open page: they come of what it did itself. */
const OWN_AFFAIRS = new Set(["ledger", "texts", "titles", "deletions", "upvotes", "upvoteSaves", "lists", "states", "queue"]);
const LISTING_HOSTS = /^https:\/\/(huggingface|arxiv)\.(co|org)\/|^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/demo/;

/** @param {chrome.runtime.MessageSender} sender whether one of our own pages speaks */
const isOwnPage = (sender) => Boolean(sender.url?.startsWith(runtime.getURL("")));

/** @param {any} message @param {chrome.runtime.MessageSender} sender @returns {Promise<object>} */
async function answer(message, sender) {
  if (sender.id !== runtime.id) return refuse("not_ours", "This sender is unknown.");
  const own = isOwnPage(sender);
  const handle = own ? (fromOwn[message?.type] ?? fromPage[message?.type]) : fromPage[message?.type];
  if (!handle || (!own && !LISTING_HOSTS.test(sender.url ?? ""))) return refuse("unknown_message", "This cannot be asked from here.");
  try {
    return { ok: true, ...(await handle(own ? message : { ...message, sender_url: sender.url }, sender.tab?.id)) };
  } catch (error) {
    if (error instanceof ServerError) return refuse(error.code, error.message, error.field);
    console.error(`Inkling: ${message.type} failed`, error);
    return refuse("failed", String(error instanceof Error ? error.message : error));
  }
}

runtime.onMessage.addListener((message, sender, reply) => {
  answer(message, sender).then(reply);
  return true;
});

alarms.onAlarm.addListener(({ name }) => name === FLUSH && flush());
runtime.onStartup.addListener(() => wake());
runtime.onInstalled.addListener(async ({ reason }) => {
  await wake();
  if (reason === "install" && !(await read("token")).token) await tabs.create({ url: runtime.getURL("src/welcome/welcome.html") });
});
globalThis.addEventListener?.("online", () => flush({ now: true }));

onChanged(async (changed) => {
  if (changed.includes("serverUrl") || changed.includes("token")) await repaired();
  if (changed.some((key) => !OWN_AFFAIRS.has(key))) await pushViews();
  await drawIcon();
});

/** Another server or another token, whoever wrote it: it counts at once. */
async function repaired() {
  await forgetFailures();
  await flush({ now: true });
}

tabs?.onCreated.addListener(async ({ openerTabId }) => {
  const menu = await menuBehind(openerTabId);
  if (!menu) return;
  const { tab: _, at, paper, ...where } = menu;
  const { preferences, pauses } = await read("preferences", "pauses");
  if (preferences.capture !== "auto" || isPaused(pauses, "all")) return;
  const event = /** @type {import("./messages.js").Event} */ ({ id: crypto.randomUUID(), kind: "open", paper, at: new Date(at).toISOString(), ...where });
  if (!(await isNewOpen(event, false))) return;
  await enqueue([event]);
  sendSoon(event);
});
tabs?.onRemoved.addListener((tab) => rememberPage(tab, null));

commands?.onCommand.addListener(async (command, tab) => {
  if (command === "toggle-pause") {
    const { pauses } = await read("pauses");
    await pause({ scope: "all", on: !isPaused(pauses, "all") });
  }
  if (command === "toggle-order" && tab?.id !== undefined && (await openPages())[tab.id]) await tellTab(tab.id, { type: TO_PAGE.command, command });
});

/** The browser may have lost our alarm; what waits is sent. */
async function wake() {
  await protect();
  await alarms.create(FLUSH, { periodInMinutes: 1 });
  await drawIcon();
  const kept = await read("serverUrl", "token", "preferences", "pauses", "connection");
  if (stateOf(kept) !== "unpaired") await flush();
}

wake();
