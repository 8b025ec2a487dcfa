/** What our own pages may ask: popup, options and welcome. */

import { FROM_OWN, TO_PAGE } from "../../messages.js";
import { ServerError } from "../../server-api.js";
import { change, managed, read } from "../../storage.js";
import { itemsIn } from "../answers.js";
import { ask, forgetFailures, hasItems, hostOf, server } from "../connection.js";
import { forget, forgetEvents } from "../forgetting.js";
import { sendSoon } from "./page.js";
import { LONGEST_TITLE, hiddenList } from "../hidden.js";
import { connect, leave, probe, whose } from "../pairing.js";
import { enqueue, flush } from "../queue.js";
import { OF_ONE_SERVER, isAgreed, sortByServer } from "../servers.js";
import { marksOf } from "../paper-states.js";
import { isPaused, notTouched, openPages, pushViews, readStanding, stateOf, tellTab, viewOf } from "../view.js";

/** @typedef {import("../../messages.js").Event} Event */

/**
 * What a tab shows, or null: a tab that does not hear us has gone on to another page. @param {number | undefined} tab
 */
async function shownIn(tab) {
  const page = tab === undefined ? undefined : (await openPages())[tab];
  if (tab === undefined || !page) return null;
  await tellTab(tab, { type: TO_PAGE.viewChanged, view: await viewOf(page.page, page) });
  return (await openPages())[tab] ?? null;
}

/** @param {{tab?: number}} asked */
async function status({ tab }) {
  const here = await shownIn(tab);
  const kept = await readStanding("queue", "dead", "queueFull", "upvotes", "agreed");
  const state = stateOf(kept, here?.site);
  const { queue, dead, upvotes, pauses, preferences, connection, serverUrl, queueFull } = kept;
  const address = hostOf(kept);
  return {
    status: {
      state: here?.page_kind === "drift" && state === "ready" ? "drift" : state,
      here,
      paired: Boolean(await server()),
      serverUrl,
      managed: await managed(),
      connection,
      waiting: queue.length,
      dead: dead.length,
      queue_full: queueFull,
      upvotes: upvotes.settled ? 0 : Object.keys(upvotes.papers).length,
      preferences,
      pauses: Object.fromEntries(Object.entries(pauses).filter(([scope]) => isPaused(pauses, scope))),
      agreed: isAgreed(kept, address) ? address : "",
    },
  };
}

/** @param {any} asked */
async function preferencesSet({ capture, upvote_is_save, shortcuts, sites, order }) {
  await change(["preferences"], ({ preferences }) => {
    if (["auto", "manual", "off"].includes(capture)) preferences.capture = capture;
    if (typeof upvote_is_save === "boolean") preferences.upvote_is_save = upvote_is_save;
    if (shortcuts) preferences.shortcuts = { ...preferences.shortcuts, ...shortcuts };
    if (sites) preferences.sites = { ...preferences.sites, ...sites };
    if (order === "original" || order === "foryou") preferences.order = order;
  });
  return { settings: (await read("preferences")).preferences };
}

/** @param {{scope: "all" | "hour" | "site", site?: string, on: boolean}} asked */
export async function pause({ scope, site = "huggingface", on }) {
  await change(["pauses"], ({ pauses }) => {
    const key = scope === "site" ? site : "all";
    if (on) pauses[key] = scope === "hour" ? Date.now() + 3_600_000 : 0;
    else delete pauses[key];
  });
  return {};
}

/**
 * @param {{id: string, kind: Event["kind"], paper: string, title?: string, surface?:
 * import("../../messages.js").Surface}} asked
 */
async function act({ id = crypto.randomUUID(), kind, paper, title, surface = "panel" }) {
  const event = { id, kind, paper, at: new Date().toISOString(), surface };
  await enqueue([event], title ? [{ id: paper, title }] : []);
  if (kind === "hide" && title)
    await change(["titles"], (kept) => void (kept.titles[paper] = title.slice(0, LONGEST_TITLE)));
  sendSoon(event);
  await pushViews();
  return { queued: true };
}

async function deadList() {
  const { dead, deadDropped } = await read("dead", "deadDropped");
  return { lines: dead.reverse(), dropped: deadDropped };
}

/** @param {{id: string, retry: boolean}} asked */
async function deadSettle({ id, retry }) {
  await change(
    [...OF_ONE_SERVER, "deadDropped"],
    (kept) => {
      sortByServer(kept);
      const letter = kept.dead.find(({ event }) => event.id === id);
      kept.dead = kept.dead.filter((one) => one !== letter);
      if (!kept.dead.length) kept.deadDropped = 0;
      if (retry && letter) kept.queue.push({ event: letter.event, tried: true });
    },
    ["serverUrl"],
  );
  if (retry) await flush({ now: true });
  return {};
}

/** @param {{accept: boolean}} asked the upvotes seen on the site, as saves of what is not saved yet */
async function upvotesImport({ accept }) {
  const { upvotes, states, queue } = await read("upvotes", "states", "queue");
  const marks = marksOf({ states, queue }, Object.keys(upvotes.papers));
  const papers = accept ? Object.values(upvotes.papers).filter(({ id }) => !marks[id]?.saved) : [];
  const at = new Date().toISOString();
  // Kept as events first: dying in between, we offer them again rather than lose them.
  await enqueue(
    papers.map(({ id }) => ({ id: crypto.randomUUID(), kind: "save", paper: id, at, surface: "import" })),
    papers,
  );
  await change(["upvotes"], (kept) => void (kept.upvotes = { papers: {}, settled: true }));
  if (papers.length) await flush({ now: true });
  return { saved: papers.length };
}

/** @param {{interests: string[]}} asked */
async function interestsAdd({ interests }) {
  const me = await ask("GET", "/v1/me", undefined, (answer) => Array.isArray(answer?.interests));
  await ask("PATCH", "/v1/me", {
    interests: [...new Set([...me.interests, ...interests.map((one) => one.trim()).filter(Boolean)])],
  });
  await change(["lists"], (kept) => void (kept.lists = {}));
  return {};
}

/**
 * What to read next, with the marks of the papers that the reasons name; the last known while the server is silent.
 * @param {{limit?: number}} asked
 */
async function recommend({ limit = 20 }) {
  const found = await papers(`/v1/recommendations?limit=${Number(limit)}`).catch(lastKnown);
  const named = found.items.flatMap((/** @type {any} */ { reasons }) =>
    reasons.map((/** @type {any} */ { paper }) => paper ?? ""),
  );
  return { ...found, marks: marksOf(await read("states", "queue"), named) };
}

/** @param {unknown} error why the server could not be asked */
async function lastKnown(error) {
  const list = Object.values((await read("lists")).lists).at(-1);
  if (!(error instanceof ServerError) || !list?.recommended.length) throw error;
  const marks = marksOf(
    await read("states", "queue"),
    list.recommended.map(({ paper }) => paper.id),
  );
  return { items: notTouched(list.recommended, marks), fetched_at: list.fetched_at };
}

/** @param {string} path */
const papers = async (path) => ({ items: itemsIn((await ask("GET", path, undefined, hasItems)).items) });

/** @type {Record<string, (asked: any) => Promise<object>>} */
export const fromOwn = {
  [FROM_OWN.status]: status,
  [FROM_OWN.pairProbe]: ({ address, plain_http_ok }) => probe(address, plain_http_ok),
  [FROM_OWN.pairWhose]: whose,
  [FROM_OWN.pairConnect]: connect,
  [FROM_OWN.preferencesSet]: preferencesSet,
  [FROM_OWN.pause]: pause,
  [FROM_OWN.ledgerList]: async () => ({ lines: (await read("ledger")).ledger.reverse() }),
  [FROM_OWN.ledgerDelete]: ({ ids }) => forgetEvents(ids),
  [FROM_OWN.forget]: forget,
  [FROM_OWN.hiddenList]: hiddenList,
  [FROM_OWN.act]: act,
  [FROM_OWN.deadList]: deadList,
  [FROM_OWN.deadSettle]: deadSettle,
  [FROM_OWN.recommend]: recommend,
  [FROM_OWN.search]: ({ q }) => papers(`/v1/papers?q=${encodeURIComponent(q)}`),
  [FROM_OWN.devicesList]: async () => ({ items: (await ask("GET", "/v1/devices", undefined, hasItems)).items }),
  [FROM_OWN.devicesRevoke]: async ({ id }) => ({ ...(await ask("DELETE", `/v1/devices/${encodeURIComponent(id)}`)) }),
  [FROM_OWN.upvotesImport]: upvotesImport,
  [FROM_OWN.interestsAdd]: interestsAdd,
  [FROM_OWN.exportAll]: async () => ({ body: await ask("GET", "/v1/me/export") }),
  [FROM_OWN.leave]: leave,
  [FROM_OWN.flush]: async () => {
    await forgetFailures();
    return { sent: (await flush({ now: true })).sent.length };
  },
};
