/**
 * The reader's saved papers: a copy of the server's library, for a look at it without the server, with what this
 * browser has done since laid over it.
 */

import { LOCAL } from "../caps.js";
import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { parseEntries } from "./answers.js";
import { ask, hasItems, hostOf, readServer } from "./connection.js";
import { flush } from "./queue.js";
import { readWithState, stateOf } from "./state.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../storage.js").SavedPaper} SavedPaper */
/** @typedef {import("../storage.js").Stored} Stored */
/** @typedef {SavedPaper & {waiting?: true}} Saved `waiting`: the server has not heard of it yet */

const PAGE = 200;
const MAX_SAVED = LOCAL.library.most ?? PAGE;
const HOUR_MS = 3_600_000;
/** A press that was sent is looked for in the copy no sooner than this: several presses are fetched together. */
const SETTLED_MS = 300_000;

/**
 * The saved papers, newest first, as far as this browser knows them.
 * @param {boolean} isFresh ask the server first
 * @returns {Promise<{entries: Saved[], fetched_at: number, more: boolean, silent?: string}>} `silent`: why the server
 *   could not be asked
 */
export async function listLibrary(isFresh) {
  const silent = isFresh ? await tryFetchLibrary() : undefined;
  const stored = await read("library", "queue", "ledger", "texts", "lists", "titles", "serverUrl");
  const { fetched_at, more } = stored.library;
  return { entries: layOver(stored), fetched_at, more, ...(silent ? { silent } : {}) };
}

/** Search where the server searches: also in what is too old to be copied here. @param {string} query */
export async function findSaved(query) {
  const { items } = await ask("GET", `/v1/library?limit=${PAGE}&q=${encodeURIComponent(query)}`, undefined, hasItems);
  return { entries: parseEntries(items) };
}

/** Fetch the library again where the copy is old, or lacks what this browser has sent since. */
export async function keepLibrary() {
  const stored = await readWithState("library", "ledger");
  const { preferences, library, ledger } = stored;
  // Paused everywhere, or while the server is silent, refuses or wants to be left alone, nothing is asked.
  if (stored.connection.health !== "ok") return;
  if (!Object.keys(preferences.sites).some((site) => stateOf(stored, site) === "ready")) return;
  const age = Date.now() - library.fetched_at;
  const isChanged = ledger.some(({ event, sent_at }) => isSaving(event) && sent_at >= library.fetched_at);
  if (age >= HOUR_MS || (isChanged && age >= SETTLED_MS)) await tryFetchLibrary();
}

/** @returns {Promise<string | undefined>} why there is no answer */
const tryFetchLibrary = () =>
  fetchLibrary().then(
    () => undefined,
    (error) => (error instanceof ServerError ? error.message : Promise.reject(error)),
  );

async function fetchLibrary() {
  const server = await readServer();
  if (!server) return;
  // What waits is to be in the answer.
  await flush();
  const fetched_at = Date.now();
  const { entries, more } = await fetchEntries(server.serverUrl);
  await change(
    ["library"],
    (stored) => {
      // Another reader may have been paired meanwhile.
      if (stored.token === server.token) stored.library = { entries: entries.reverse(), fetched_at, more };
    },
    ["token"],
  );
}

/**
 * @param {string} host the only server that may be asked
 * @returns {Promise<{entries: SavedPaper[], more: boolean}>} newest first
 */
async function fetchEntries(host) {
  /** @type {Map<string, SavedPaper>} */
  const found = new Map();
  for (let cursor = ""; ;) {
    const path = `/v1/library?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { items, next } = await ask("GET", path, undefined, hasItems, host);
    const before = found.size;
    for (const entry of parseEntries(items)) if (!found.has(entry.id)) found.set(entry.id, entry);
    const isMore = typeof next === "string" && found.size > before;
    if (!isMore || found.size >= MAX_SAVED) return { entries: [...found.values()].slice(0, MAX_SAVED), more: isMore };
    cursor = next;
  }
}

/** @param {Event} event */
const isSaving = ({ kind }) => kind === "save" || kind === "unsave";

/** @typedef {"library" | "queue" | "ledger" | "texts" | "lists" | "titles" | "serverUrl"} LibraryKey */

/**
 * Lay what was sent since the copy was fetched, and what is not sent yet, over the copy.
 * @param {Pick<Stored, LibraryKey>} stored
 * @returns {Saved[]} newest first
 */
function layOver(stored) {
  /** @type {Map<string, Saved>} */
  const saved = new Map(stored.library.entries.map((entry) => [entry.id, entry]));
  const here = hostOf(stored);
  const sent = stored.ledger.filter(({ sent_at, host }) => host === here && sent_at >= stored.library.fetched_at);
  for (const { event } of sent) applySave(saved, event, stored);
  for (const { event } of stored.queue) applySave(saved, event, stored, true);
  return [...saved.values()].reverse();
}

/**
 * @param {Map<string, Saved>} saved changed; oldest first
 * @param {Event} event
 * @param {Pick<Stored, "texts" | "lists" | "titles">} facts
 * @param {boolean} [isWaiting]
 */
function applySave(saved, event, facts, isWaiting = false) {
  if (!isSaving(event)) return;
  const entry = saved.get(event.paper) ?? describe(event.paper, facts);
  saved.delete(event.paper);
  if (event.kind === "unsave") return;
  saved.set(event.paper, { ...entry, saved_at: event.at, ...(isWaiting ? { waiting: true } : {}) });
}

/**
 * What this browser knows of a paper that it has saved itself.
 * @param {string} id
 * @param {Pick<Stored, "texts" | "lists" | "titles">} facts
 * @returns {Saved}
 */
function describe(id, { texts, lists, titles }) {
  const listed = Object.values(lists).flatMap(({ recommended }) => recommended.map(({ paper }) => paper));
  const { title, authors, upvotes, url } = { ...listed.find((one) => one.id === id), ...texts[id] };
  return {
    id,
    title: title ?? titles[id] ?? null,
    authors: authors ?? [],
    upvotes: upvotes ?? null,
    url: url ?? null,
    saved_at: null,
    tags: [],
  };
}
