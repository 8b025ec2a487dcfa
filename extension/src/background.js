/**
 * The service worker: every listener, each at the top level and each handing on at once. It keeps nothing in memory
 * that matters, for the browser may end it between any two lines.
 */

import { browser, isEnding } from "./browser.js";
import { ENDING, refuse } from "./messages.js";
import { ServerError } from "./server-api.js";
import { onChanged } from "./storage.js";
import { runCommand } from "./worker/commands.js";
import { ownPageHandlers } from "./worker/handlers/own-pages.js";
import { pageHandlers } from "./worker/handlers/page.js";
import { acceptNewTab } from "./worker/new-tab.js";
import { forgetPage } from "./worker/open-pages.js";
import { flush } from "./worker/queue.js";
import { addLinkMenu, listenToLinkMenu, saveTyped, suggestSaving } from "./worker/save-link.js";
import { followSites, forgetSites } from "./worker/site-registration.js";
import { followStorageChanges } from "./worker/storage-changes.js";
import { BadMessage, siteOf } from "./worker/validate.js";
import { runEveryMinute, wake, welcome } from "./worker/wake.js";

const { runtime, tabs, alarms, commands, permissions, omnibox } = browser();

/** @param {any} message @param {chrome.runtime.MessageSender} sender @returns {Promise<object>} */
async function answer(message, sender) {
  if (sender.id !== runtime.id) return refuse("not_ours", "This sender is unknown.");
  const isOwnPage = Boolean(sender.url?.startsWith(runtime.getURL("")));
  const site = siteOf(sender.url) ?? undefined;
  const handle = pageHandlers[message?.type] ?? (isOwnPage ? ownPageHandlers[message?.type] : undefined);
  if (!handle || (!isOwnPage && !site)) return refuse("unknown_message", "This cannot be asked from here.");
  try {
    const url = isOwnPage ? undefined : sender.url;
    return { ok: true, ...(await handle(message, { tab: sender.tab?.id, url, site })) };
  } catch (error) {
    return explain(error, message.type);
  }
}

/** @param {unknown} error @param {string} type of the message that failed */
function explain(error, type) {
  if (error instanceof ServerError) return refuse(error.code, error.message, error.field);
  if (isEnding(error)) return refuse(ENDING, "The browser has ended the worker.");
  if (!(error instanceof BadMessage)) console.error(`Inkling: ${type} failed`, error);
  return refuse("failed", String(error instanceof Error ? error.message : error));
}

runtime.onMessage.addListener((message, sender, reply) => {
  answer(message, sender).then(reply);
  return true;
});
runtime.onStartup.addListener(() => wake());
runtime.onInstalled.addListener(({ reason }) => welcome(reason));
alarms.onAlarm.addListener(({ name }) => runEveryMinute(name));
onChanged(followStorageChanges);
tabs?.onCreated.addListener(acceptNewTab);
tabs?.onRemoved.addListener((tab) => forgetPage(tab));
permissions?.onAdded.addListener(() => {
  followSites();
  addLinkMenu();
});
permissions?.onRemoved.addListener(({ origins }) => forgetSites(origins));
omnibox?.onInputChanged.addListener(suggestSaving);
omnibox?.onInputEntered.addListener(saveTyped);
listenToLinkMenu();
commands?.onCommand.addListener((command, tab) => runCommand(command, tab?.id));
globalThis.addEventListener?.("online", () => flush({ now: true }));

wake();
