/** What our own pages may ask: popup, options and welcome. */

import { FROM_OWN } from "../messages.js";
import { ServerError } from "../server-api.js";
import { change, managed, read } from "../storage.js";
import { ask, forgetFailures, server } from "./connection.js";
import { sendSoon } from "./from-page.js";
import { connect, leave, probe } from "./pairing.js";
import { enqueue, flush } from "./queue.js";
import { openPages, stateOf } from "./view.js";

/** @typedef {import("../messages.js").Event} Event */

/** @param {{tab?: number}} asked */
async function status({ tab }) {
  const kept = await read("serverUrl", "preferences", "pauses", "connection", "queue", "dead", "queueFull", "upvotes", "agreed", "token");
  const here = tab === undefined ? undefined : (await openPages())[tab];
  const state = stateOf(kept, here?.site);
  const { queue, dead, upvotes, pauses, preferences, connection, serverUrl, queueFull, agreed } = kept;
  return {
    status: {
      state: here?.page_kind === "drift" && state === "ready" ? "drift" : state,
      here: here ?? null,
      paired: Boolean(await server()),
      serverUrl,
      managed: await managed(),
      connection,
      waiting: queue.length,
      dead: dead.length,
      queue_full: queueFull,
      upvotes: upvotes.settled ? 0 : Object.keys(upvotes.papers).length,
      preferences,
      pauses,
      agreed,
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

/** @param {string[]} ids delete events here, and on the server now or when it answers */
async function forgetEvents(ids) {
  const wanted = new Set(ids);
  const there = await change(["queue", "ledger", "dead", "deletions"], (kept) => {
    const maybeThere = [...kept.ledger.map(({ event }) => event), ...kept.queue.filter(({ tried }) => tried).map(({ event }) => event)];
    const deletions = maybeThere.map(({ id }) => id).filter((id) => wanted.has(id));
    kept.queue = kept.queue.filter(({ event }) => !wanted.has(event.id));
    kept.ledger = kept.ledger.filter(({ event }) => !wanted.has(event.id));
    kept.dead = kept.dead.filter(({ event }) => !wanted.has(event.id));
    kept.deletions = [...new Set([...kept.deletions, ...deletions])];
    return deletions;
  });
  await flush({ now: true });
  const waiting = (await read("deletions")).deletions.filter((id) => wanted.has(id)).length;
  // What a paper's state is without the deleted events only the server can say.
  if (there.length) await forgetStates();
  return { deleted: ids.length, waiting };
}

const forgetStates = () =>
  change(["states", "lists"], (kept) => {
    kept.states = {};
    kept.lists = {};
  });

/** @param {{paper?: string, since?: number}} asked */
async function forget({ paper, since }) {
  const { queue, ledger } = await read("queue", "ledger");
  const local = [...queue, ...ledger].map(({ event }) => event);
  const logged = await loggedThere(since);
  /** @param {Event} event */
  const meant = (event) => (paper === undefined || event.paper === paper) && (since === undefined || Date.parse(event.at) >= since);
  const ids = [...new Set([...local, ...logged].filter(meant).map(({ id }) => id))];
  await change(["deletions"], (kept) => {
    kept.deletions = [...new Set([...kept.deletions, ...logged.filter(meant).map(({ id }) => id)])];
  });
  return forgetEvents(ids);
}

/** @param {number | undefined} since @returns {Promise<Event[]>} what the server holds, newest first; none if it is silent */
async function loggedThere(since) {
  /** @type {Event[]} */
  const found = [];
  try {
    for (let cursor = ""; found.length < 5_000; ) {
      const { items, next } = await ask("GET", `/v1/me/events?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...items);
      if (!next || (since !== undefined && items.length && Date.parse(items.at(-1).at) < since)) break;
      cursor = next;
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
  return found;
}

/** @param {{kind: Event["kind"], paper: string, title?: string, surface?: import("../messages.js").Surface}} asked */
async function act({ kind, paper, title, surface = "panel" }) {
  const event = { id: crypto.randomUUID(), kind, paper, at: new Date().toISOString(), surface };
  const left = await enqueue([event], title ? [{ id: paper, title }] : []);
  if (kind === "hide" && title) await change(["titles"], (kept) => void (kept.titles[paper] = title));
  sendSoon(event);
  return { queued: !left };
}

async function hiddenList() {
  const { states, queue, titles } = await read("states", "queue", "titles");
  const hidden = new Set(Object.entries(states).filter(([, { hidden }]) => hidden).map(([paper]) => paper));
  for (const { event } of queue) {
    if (event.kind === "hide") hidden.add(event.paper);
    if (event.kind === "unhide") hidden.delete(event.paper);
  }
  return { papers: [...hidden].reverse().map((id) => ({ id, title: titles[id] ?? id })) };
}

/** @param {{id: string, retry: boolean}} asked */
async function deadSettle({ id, retry }) {
  await change(["dead", "queue"], (kept) => {
    const letter = kept.dead.find(({ event }) => event.id === id);
    kept.dead = kept.dead.filter((one) => one !== letter);
    if (retry && letter) kept.queue.push({ event: letter.event, tried: true });
  });
  if (retry) await flush({ now: true });
  return {};
}

/** @param {{accept: boolean}} asked the upvotes seen on the site, as saves */
async function upvotesImport({ accept }) {
  const papers = await change(["upvotes"], (kept) => {
    const found = Object.values(kept.upvotes.papers);
    kept.upvotes = { papers: {}, settled: true };
    return found;
  });
  if (!accept) return { saved: 0 };
  const at = new Date().toISOString();
  await enqueue(papers.map(({ id }) => ({ id: crypto.randomUUID(), kind: "save", paper: id, at, surface: "import" })), papers);
  await flush({ now: true });
  return { saved: papers.length };
}

/** @param {{interests: string[]}} asked */
async function interestsAdd({ interests }) {
  const me = await ask("GET", "/v1/me");
  await ask("PATCH", "/v1/me", { interests: [...new Set([...me.interests, ...interests.map((one) => one.trim()).filter(Boolean)])] });
  await change(["lists"], (kept) => void (kept.lists = {}));
  return {};
}

/** @type {Record<string, (asked: any) => Promise<object>>} */
export const fromOwn = {
  [FROM_OWN.status]: status,
  [FROM_OWN.pairProbe]: ({ address, plain_http_ok }) => probe(address, plain_http_ok),
  [FROM_OWN.pairConnect]: connect,
  [FROM_OWN.preferencesSet]: preferencesSet,
  [FROM_OWN.pause]: pause,
  [FROM_OWN.ledgerList]: async () => ({ lines: (await read("ledger")).ledger.reverse() }),
  [FROM_OWN.ledgerDelete]: ({ ids }) => forgetEvents(ids),
  [FROM_OWN.forget]: forget,
  [FROM_OWN.hiddenList]: hiddenList,
  [FROM_OWN.act]: act,
  [FROM_OWN.deadList]: async () => ({ lines: (await read("dead")).dead.reverse() }),
  [FROM_OWN.deadSettle]: deadSettle,
  [FROM_OWN.recommend]: async ({ limit = 20 }) => ({ items: (await ask("GET", `/v1/recommendations?limit=${Number(limit)}`)).items }),
  [FROM_OWN.search]: async ({ q }) => ({ items: (await ask("GET", `/v1/papers?q=${encodeURIComponent(q)}`)).items }),
  [FROM_OWN.devicesList]: async () => ({ items: (await ask("GET", "/v1/devices")).items }),
  [FROM_OWN.devicesRevoke]: async ({ id }) => ({ ...(await ask("DELETE", `/v1/devices/${encodeURIComponent(id)}`)) }),
  [FROM_OWN.upvotesImport]: upvotesImport,
  [FROM_OWN.interestsAdd]: interestsAdd,
  [FROM_OWN.exportAll]: async () => ({ body: await ask("GET", "/v1/me/export") }),
  [FROM_OWN.leave]: ({ delete_there }) => leave(Boolean(delete_there)),
  [FROM_OWN.flush]: async () => {
    await forgetFailures();
    return { sent: (await flush({ now: true })).sent.length };
  },
};
