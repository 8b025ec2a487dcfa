/**
 * The service worker: listeners, each at the top level and each handing on at once. It keeps nothing in memory that
 * matters, for the browser may end it between any two lines.
 */

import { browser, isEnding } from "./browser.js";
import { ENDING, TO_PAGE, refuse } from "./messages.js";
import { ServerError } from "./server-api.js";
import { change, onChanged, protect, read } from "./storage.js";
import { tryAgain } from "./worker/retry.js";
import { forgetFailures } from "./worker/connection.js";
import { fromOwn, pause } from "./worker/handlers/own-pages.js";
import { fromPage, tabCreated } from "./worker/handlers/page.js";
import { flush } from "./worker/queue.js";
import { followSites, forgetSites } from "./worker/site-registration.js";
import { BadMessage, siteOf } from "./worker/validate.js";
import {
  drawIcon,
  drawTabIcons,
  isPaused,
  openPages,
  pushViews,
  rememberPage,
  stateOf,
  tellTab,
} from "./worker/view.js";

const { runtime, tabs, alarms, commands, permissions } = browser();
const FLUSH = "flush";
/** Changes of these say nothing new to an open page: they come of what it did itself. */
const OWN_AFFAIRS = new Set([
  "reader",
  "ledger",
  "texts",
  "titles",
  "deletions",
  "upvotes",
  "upvoteSaves",
  "opened",
  "lists",
  "states",
  "queue",
  "queueOf",
  "elsewhere",
  "dead",
  "deadDropped",
]);

/** @param {chrome.runtime.MessageSender} sender whether one of our own pages speaks */
const isOwnPage = (sender) => Boolean(sender.url?.startsWith(runtime.getURL("")));

/** @param {any} message @param {chrome.runtime.MessageSender} sender @returns {Promise<object>} */
async function answer(message, sender) {
  if (sender.id !== runtime.id) return refuse("not_ours", "This sender is unknown.");
  const [own, site] = [isOwnPage(sender), siteOf(sender.url) ?? undefined];
  const handle = fromPage[message?.type] ?? (own ? fromOwn[message?.type] : undefined);
  if (!handle || (!own && !site)) return refuse("unknown_message", "This cannot be asked from here.");
  try {
    return { ok: true, ...(await handle(message, { tab: sender.tab?.id, url: own ? undefined : sender.url, site })) };
  } catch (error) {
    if (error instanceof ServerError) return refuse(error.code, error.message, error.field);
    if (isEnding(error)) return refuse(ENDING, "The browser has ended the worker.");
    if (!(error instanceof BadMessage)) console.error(`Inkling: ${message.type} failed`, error);
    return refuse("failed", String(error instanceof Error ? error.message : error));
  }
}

runtime.onMessage.addListener((message, sender, reply) => {
  answer(message, sender).then(reply);
  return true;
});

alarms.onAlarm.addListener(async ({ name }) => {
  if (name !== FLUSH) return;
  await endPauses();
  await flush();
  await tryAgain();
});
runtime.onStartup.addListener(() => wake());
runtime.onInstalled.addListener(async ({ reason }) => {
  await wake();
  if (reason === "install" && !(await read("token")).token)
    await tabs.create({ url: runtime.getURL("src/welcome/welcome.html") });
});
globalThis.addEventListener?.("online", () => flush({ now: true }));

onChanged(async (changes) => {
  // Firefox also tells of what was written as it was.
  const isNew = (/** @type {string} */ key) => changes[key] && changes[key].oldValue !== changes[key].newValue;
  if (isNew("serverUrl") || isNew("token")) await repaired(isNew("serverUrl") ? changes.serverUrl.oldValue : "");
  if (changes.preferences) await followSites();
  if (Object.keys(changes).some((key) => !OWN_AFFAIRS.has(key)) || isTaken(changes.queue)) await pushViews();
  await drawIcon();
  if (changes.pauses || changes.preferences) await drawTabIcons();
});

/**
 * Whether something that marks a paper waits no longer. @param {{oldValue?: any, newValue?: any}} [queue] what waited,
 * and waits
 */
function isTaken(queue) {
  const still = new Set((queue?.newValue ?? []).map((/** @type {any} */ { event }) => event.id));
  return (queue?.oldValue ?? []).some(
    (/** @type {any} */ { event }) => event.kind !== "impression" && !still.has(event.id),
  );
}

/**
 * Another server or another token, whoever wrote it: it counts at once. @param {string} [before] the server until now
 */
async function repaired(before) {
  if (before) await change(["states", "lists"], (kept) => void Object.assign(kept, { states: {}, lists: {} }));
  await forgetFailures();
  await flush({ now: true });
}

/** Pauses whose time is over are taken away, so that pages and icon hear of it. */
const endPauses = () =>
  change(["pauses"], (kept) => {
    kept.pauses = Object.fromEntries(Object.entries(kept.pauses).filter(([scope]) => isPaused(kept.pauses, scope)));
  });

tabs?.onCreated.addListener((tab) => tabCreated(tab));
tabs?.onRemoved.addListener((tab) => rememberPage(tab, null));

permissions?.onAdded.addListener(() => followSites());
permissions?.onRemoved.addListener(async ({ origins }) => {
  if (origins?.includes("https://arxiv.org/*")) await forgetSites();
});

commands?.onCommand.addListener(async (command, tab) => {
  if (command === "toggle-pause") {
    const { pauses } = await read("pauses");
    await pause({ scope: "all", on: !isPaused(pauses, "all") });
  }
  if (command === "toggle-order" && tab?.id !== undefined && (await openPages())[tab.id])
    await tellTab(tab.id, { type: TO_PAGE.command, command });
});

/** The browser may have lost our alarm; what waits is sent. */
async function wake() {
  await protect();
  // Made anew at each waking it would start its minute again and again.
  if (!(await alarms.get(FLUSH))) await alarms.create(FLUSH, { periodInMinutes: 1 });
  await drawIcon();
  await followSites();
  const kept = await read("serverUrl", "token", "preferences", "pauses", "connection");
  if (stateOf(kept) !== "unpaired") await flush();
}

wake();
