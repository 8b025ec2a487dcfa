/** The reader's account on the server: devices, interests, export, and leaving. */

import { text } from "../browser.js";
import { ServerError } from "../server-api.js";
import { change, read, wipe } from "../storage.js";
import { parseTopicList } from "./answers.js";
import { ask, hasItems, readServer } from "./connection.js";
import { drawTabIcons } from "./icon.js";
import { pushViews, readOpenPages } from "./open-pages.js";
import { flush } from "./queue.js";
import { waitingElsewhere } from "./servers.js";
import { BadMessage } from "./validate.js";

/** @returns {Promise<{items: any[]}>} */
export const listDevices = async () => ({ items: (await ask("GET", "/v1/devices", undefined, hasItems)).items });

/** @param {string} id */
export const revokeDevice = (id) => ask("DELETE", `/v1/devices/${encodeURIComponent(id)}`);

/** @returns {Promise<{body: any}>} everything the server holds of the reader */
export const exportAccount = async () => ({ body: await ask("GET", "/v1/me/export") });

/** @typedef {"interests" | "followed" | "muted"} TopicList */
/** @typedef {Record<TopicList, string[]>} Topics words, sentences, or `author:NAME`, `category:CODE`, `org:NAME` */

/** An older server may not know all of these. @type {TopicList[]} */
const TOPIC_LISTS = ["interests", "followed", "muted"];

/** @param {any} me the reader's settings @returns {Topics} */
const parseTopics = (me) =>
  /** @type {Topics} */ (Object.fromEntries(TOPIC_LISTS.map((list) => [list, parseTopicList(me[list])])));

/** @returns {Promise<Topics>} */
export const listTopics = async () =>
  parseTopics(await ask("GET", "/v1/me", undefined, (answer) => Array.isArray(answer?.interests)));

/**
 * Store one list of topics; the stored rankings were made without the change.
 * @param {Topics} before
 * @param {TopicList} list
 * @param {string[]} topics
 * @returns {Promise<Topics>} with the change
 */
async function storeTopics(before, list, topics) {
  await ask("PATCH", "/v1/me", { [list]: topics });
  await change(["lists"], (stored) => void (stored.lists = {}));
  return { ...before, [list]: topics };
}

/** Add typed interests to those the server has. @param {string[]} added */
export async function addInterests(added) {
  const before = await listTopics();
  const wanted = [...before.interests, ...added.map((one) => one.trim()).filter(Boolean)];
  return storeTopics(before, "interests", [...new Set(wanted)]);
}

/** @param {TopicList} list @param {string} topic */
export async function removeTopic(list, topic) {
  if (!TOPIC_LISTS.includes(list)) throw new BadMessage("list is missing or malformed");
  const before = await listTopics();
  return storeTopics(
    before,
    list,
    before[list].filter((one) => one !== topic),
  );
}

/**
 * Leave: delete the account on the server if asked, revoke this device, wipe this browser. A silent server keeps what
 * it has, and the reader is told. What the server is to keep and has not taken yet is sent first; where that fails,
 * nothing happens until the reader agrees to lose it.
 * @param {{delete_there: boolean, discard?: boolean}} how `discard`: lose what is not sent
 * @returns {Promise<{waiting: number} | {gone_there: boolean, remains?: string}>}
 */
export async function leave({ delete_there: deleteThere, discard }) {
  const waiting = deleteThere || discard ? 0 : await countUnsent();
  if (waiting) return { waiting };
  const { serverUrl } = await read("serverUrl");
  let remains;
  try {
    if (await readServer()) await (deleteThere ? ask("DELETE", "/v1/me") : revokeThisDevice());
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    remains = text(deleteThere ? "worker_remains_all" : "worker_remains_device", serverUrl, error.message);
  }
  await wipeBrowser();
  return remains ? { gone_there: false, remains } : { gone_there: true };
}

/** Which pages are open is wiped too: those hear of it at the last moment that they are known. */
async function wipeBrowser() {
  const pages = await readOpenPages();
  await wipe();
  await pushViews({}, pages);
  await drawTabIcons(pages);
}

/** What the servers have not taken yet, after one more try. @returns {Promise<number>} */
async function countUnsent() {
  await flush({ now: true });
  const stored = await read("queue", "deletions", "elsewhere");
  return stored.queue.length + waitingElsewhere(stored) + Object.keys(stored.deletions).length;
}

async function revokeThisDevice() {
  const { items } = await ask("GET", "/v1/devices");
  const mine = items.find((/** @type {any} */ one) => one.this);
  if (mine) await revokeDevice(mine.id);
}
