/**
 * A browser in memory, for tests of what runs outside the page: storage that outlasts the worker, alarms, tabs and
 * messages, and a server behind `fetch` that answers as tests/contract/api says.
 *
 * Every call to the browser or the server is an edge where the worker can be killed, before it takes effect and after.
 */

import { readFileSync } from "node:fs";
import { vi } from "vitest";

const json = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const messages = json("../../extension/_locales/en/messages.json");
const manifest = json("../../extension/manifest.json");

export const ORIGIN = "chrome-extension://us/";
export const LISTING = { id: "us", url: "https://huggingface.co/papers", tab: { id: 1 } };
export const OWN = { id: "us", url: `${ORIGIN}src/popup/popup.html` };
export const SERVER = "http://127.0.0.1:8765";

/** @param {string} key @param {string[]} [values] */
const getMessage = (key, values = []) =>
  (messages[key]?.message ?? "").replace(/\$(\d)/g, (_, at) => values[at - 1] ?? "");

/** Run everything that waits only for its turn. */
export async function settle(turns = 60) {
  for (let turn = 0; turn < turns; turn++) await new Promise((go) => setImmediate(go));
}

/** @type {Life | undefined} */
let current;

/** One life of the worker, from its start to its end. */
class Life {
  constructor(edges) {
    this.left = edges;
    this.isOver = false;
    this.over = new Promise((end) => (this.end = end));
    this.calls = {};
  }

  die() {
    this.isOver = true;
    vi.clearAllTimers();
    this.end();
  }

  /** @template T @param {() => T} act @returns {Promise<T>} never settles for a dead worker */
  async edge(act) {
    this.spend();
    if (this.isOver) return new Promise(() => {});
    const result = await act();
    this.spend();
    if (this.isOver) return new Promise(() => {});
    return result;
  }

  spend() {
    if (!this.isOver && this.left-- <= 0) this.die();
  }

  /** @param {string} name */
  happening(name) {
    this.calls[name] = new Set();
    return {
      addListener: (call) => this.calls[name].add(call),
      removeListener: (call) => this.calls[name].delete(call),
    };
  }

  tell(name, ...told) {
    return [...(this.calls[name] ?? [])].map((call) => call(...told));
  }
}

export class Browser {
  constructor(server = new Server()) {
    this.server = server;
    this.local = {};
    this.session = {};
    this.managed = {};
    this.policies = Promise.resolve();
    this.alarms = new Map();
    this.heard = [];
    this.opened = [];
    this.closedTabs = new Set();
    /** Tabs that are open, with the address where we may see it. @type {{id: number, url?: string}[]} */
    this.tabs = [];
    this.allowed = new Set(["https://huggingface.co/papers*"]);
    this.scripts = new Map();
    /** The entries in the browser's menus, which outlast the worker. */
    this.menus = new Map();
    this.badge = "";
    this.icon = {};
    this.tabIcons = new Map();
    this.life = null;
  }

  /**
   * Start the worker anew, with a fresh copy of every module.
   * @param {{edges?: number}} [how] after how many edges it is killed
   */
  async start({ edges = Infinity } = {}) {
    this.life?.die();
    await settle(20);
    const life = new Life(edges);
    this.life = current = life;
    vi.stubGlobal("chrome", this.chromeFor(life));
    vi.stubGlobal("fetch", (url, init) => life.edge(() => this.server.fetch(url, init)));
    vi.resetModules();
    await Promise.race([import("../../extension/src/background.js"), life.over]);
    await settle(20);
    return life;
  }

  chromeFor(life) {
    const edge = (act) => life.edge(act);
    return {
      runtime: {
        id: "us",
        getURL: (path) => ORIGIN + path.replace(/^\//, ""),
        getManifest: () => manifest,
        openOptionsPage: () => edge(() => void this.opened.push("options")),
        onMessage: life.happening("message"),
        onStartup: life.happening("startup"),
        onInstalled: life.happening("installed"),
      },
      storage: {
        local: { ...this.area(life, "local"), setAccessLevel: async (level) => void (this.access = level) },
        session: this.area(life, "session"),
        managed: { get: () => this.policies.then(() => structuredClone(this.managed)) },
        onChanged: life.happening("changed"),
      },
      i18n: { getMessage },
      alarms: {
        get: (name) => edge(() => this.alarms.get(name)),
        create: (name, how) => edge(() => void this.alarms.set(name, how)),
        onAlarm: life.happening("alarm"),
      },
      tabs: {
        onCreated: life.happening("tab"),
        onRemoved: life.happening("untab"),
        create: ({ url }) => edge(() => void this.opened.push(url)),
        query: () => edge(() => structuredClone(this.tabs)),
        sendMessage: (tab, message) => edge(() => this.hear(tab, message)),
      },
      action: {
        setIcon: async ({ path, tabId }) =>
          void (tabId === undefined ? (this.icon = path) : this.tabIcons.set(tabId, path)),
        setBadgeText: async ({ text }) => void (this.badge = text),
        setBadgeBackgroundColor: async () => {},
      },
      commands: { onCommand: life.happening("command") },
      permissions: {
        contains: ({ origins = [] }) => edge(() => origins.every((one) => this.allowed.has(one))),
        onAdded: life.happening("allowed"),
        onRemoved: life.happening("forbidden"),
      },
      contextMenus: this.allowed.has("contextMenus") ? this.menusFor(life) : undefined,
      omnibox: {
        onInputChanged: life.happening("typing"),
        onInputEntered: life.happening("typed"),
        setDefaultSuggestion: ({ description }) => void (this.suggestion = description),
      },
      scripting: this.allowed.has("scripting") ? this.scriptingFor(life) : undefined,
    };
  }

  menusFor(life) {
    return {
      onClicked: life.happening("menu"),
      removeAll: () => life.edge(() => this.menus.clear()),
      create: (entry) => {
        if (this.menus.has(entry.id)) throw new Error(`Cannot create item with duplicate id ${entry.id}`);
        this.menus.set(entry.id, entry);
      },
    };
  }

  scriptingFor(life) {
    return {
      getRegisteredContentScripts: ({ ids }) => life.edge(() => ids.flatMap((id) => this.scripts.get(id) ?? [])),
      registerContentScripts: ([script]) => life.edge(() => void this.scripts.set(script.id, script)),
      unregisterContentScripts: ({ ids }) => life.edge(() => ids.forEach((id) => this.scripts.delete(id))),
    };
  }

  hear(tab, message) {
    if (this.closedTabs.has(tab)) throw new Error("Could not establish connection. Receiving end does not exist.");
    this.heard.push({ tab, ...structuredClone(message) });
  }

  area(life, name) {
    const kept = () => this[name];
    return {
      get: (wanted) =>
        life.edge(() =>
          structuredClone(wanted === null ? kept() : { ...wanted, ...pick(kept(), Object.keys(wanted)) }),
        ),
      set: (items) => life.edge(() => this.write(life, name, structuredClone(items))),
      clear: () =>
        life.edge(() => this.write(life, name, Object.fromEntries(Object.keys(kept()).map((key) => [key, undefined])))),
    };
  }

  write(life, name, items) {
    const changes = {};
    for (const [key, newValue] of Object.entries(items)) {
      changes[key] = { oldValue: this[name][key], newValue };
      if (newValue === undefined) delete this[name][key];
      else this[name][key] = newValue;
    }
    setImmediate(() => life.isOver || life.tell("changed", structuredClone(changes), name));
  }

  /** Set a policy, as a lab does. */
  async rule(managed) {
    this.managed = managed;
    this.life.tell("changed", {}, "managed");
    await settle();
  }

  /** Write from outside, as a check or a lab would. */
  async store(items) {
    this.write(this.life, "local", items);
    await settle();
  }

  /** Send one message as a page does; rejects if the worker ends before it has answered. */
  async ask(type, fields = {}, sender = LISTING) {
    const { life } = this;
    const answer = new Promise((reply) => life.tell("message", structuredClone({ type, ...fields }), sender, reply));
    const result = await Promise.race([
      answer,
      life.over.then(() => Promise.reject(new Error("the worker has ended"))),
    ]);
    return structuredClone(result);
  }

  /** A minute is over: the browser wakes the worker if it sleeps. */
  async alarm(name = "flush") {
    if (!this.life || this.life.isOver) await this.start();
    this.life.tell("alarm", { name });
    await settle();
  }

  /** Let time pass, and with it whatever was due. */
  async pass(ms) {
    for (let left = ms; left > 0; left -= 50) {
      await vi.advanceTimersByTimeAsync(Math.min(50, left));
      await settle(8);
    }
    await settle(40);
  }
}

const pick = (from, keys) =>
  Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));

const answers = [
  "client-reports",
  "devices",
  "errors",
  "events",
  "health",
  "me",
  "pairing-codes",
  "rank",
  "recommendations",
  "papers",
  "library",
  "session-links",
].flatMap((name) => json(`../contract/api/${name}.json`));

/**
 * The example of a call in tests/contract/api: the successful one, or the one whose note begins so.
 * @param {string} call
 * @param {string} [note]
 */
export const example = (call, note) =>
  structuredClone(
    answers.find(
      (one) => one.call.split("?")[0] === call && (note === undefined ? one.status < 300 : one.note?.startsWith(note)),
    ),
  );

/** An answer as `fetch` gives it. */
export const reply = (status, body, headers = {}) =>
  new Response(status === 204 ? null : typeof body === "string" ? body : JSON.stringify(body), { status, headers });

const refused = (call, note) => {
  const { status, response } = example(call, note);
  return reply(status, response);
};

/** A server that logs each event once, by its id, as the real one does. `mood` may answer in its place. */
export class Server {
  constructor() {
    this.events = [];
    this.deleted = [];
    this.requests = [];
    this.papers = [];
    /** Titles of papers, by id. */
    this.titles = {};
    this.tokens = new Set(["token"]);
    this.codes = new Set(["9FKM-N0J8-V5EK"]);
    /** @type {(request: {method: string, path: string, body: any}) => Response | undefined} */
    this.mood = () => undefined;
  }

  ids() {
    return this.events.map(({ id }) => id);
  }

  sent(path) {
    return this.requests.filter((one) => one.path.split("?")[0] === path);
  }

  fetch(url, { method, headers, body: text }) {
    const path = url.replace(/^https?:\/\/[^/]+/, "");
    const request = { method, path, url, headers, body: text === undefined ? undefined : JSON.parse(text) };
    this.requests.push(request);
    const moody = this.mood(request);
    if (moody) return moody;
    const route = `${method} ${path.split("?")[0]}`;
    if (route === "GET /healthz" || route === "GET /readyz") return reply(200, example(route).response);
    if (route === "POST /v1/devices") return this.pair(request.body);
    if (route === "POST /v1/pairing-codes/whose")
      return this.codes.has(request.body.code)
        ? reply(200, example(route).response)
        : refused("POST /v1/devices", "a code that is wrong");
    if (!this.tokens.has(headers.Authorization?.slice(7)))
      return refused("GET /v1/me", headers.Authorization ? "a revoked" : "no token");
    if (route === "GET /v1/me/events") return this.logged(new URL(url).searchParams);
    if (route === "GET /v1/library") return this.library(new URL(url).searchParams);
    return this.answer(route, request.body);
  }

  logged(asked) {
    const isMeant = ({ paper, kind }) =>
      [null, paper].includes(asked.get("paper")) && (!asked.has("kind") || asked.getAll("kind").includes(kind));
    return reply(200, { items: this.events.filter(isMeant).reverse(), next: null });
  }

  /** The saved papers, the latest first, `limit` at a time. @param {URLSearchParams} asked */
  library(asked) {
    const [entry] = example("GET /v1/library").response.items;
    const saves = this.events.filter(({ kind }) => kind === "save").toReversed();
    const all = saves
      .filter(({ id, paper }) => this.state(paper).saved && saves.find((one) => one.paper === paper).id === id)
      .map(({ paper, at }) => ({
        ...entry,
        paper: { ...entry.paper, id: paper, title: this.titles[paper] ?? `Title of ${paper}` },
        saved_at: at,
      }));
    const matching = all.filter(({ paper }) => paper.title.includes(asked.get("q") ?? ""));
    const [from, limit] = [Number(asked.get("cursor")), Number(asked.get("limit"))];
    return reply(200, {
      items: matching.slice(from, from + limit),
      next: matching.length > from + limit ? String(from + limit) : null,
    });
  }

  pair({ code }) {
    if (!code) return refused("POST /v1/devices", "a reader exists");
    if (!this.codes.delete(code)) return refused("POST /v1/devices", "a code that is wrong");
    const { status, response } = example("POST /v1/devices");
    this.tokens.add(response.token);
    return reply(status, response);
  }

  answer(route, body) {
    if (route === "POST /v1/events") return reply(200, this.log(body));
    if (route === "POST /v1/rank") return reply(200, this.rank(body.papers));
    if (route.startsWith("GET /v1/papers/") && this.titles[route.split("/").at(-1)])
      return reply(200, {
        ...example("GET /v1/papers/2401.00001").response,
        title: this.titles[route.split("/").at(-1)],
      });
    if (route.startsWith("DELETE /v1/me/events/")) return this.forget(route.split("/").at(-1));
    const { status, response } = example(route) ?? {
      status: 404,
      response: example("GET /v1/papers/2402.99999").response,
    };
    return reply(status, response);
  }

  log({ events, papers = [] }) {
    this.papers.push(...papers);
    return {
      results: events.map((event) => this.logOne(event)),
      paper_results: papers.map(({ id }) => ({ id, status: "accepted" })),
    };
  }

  logOne(event) {
    const before = this.events.find(({ id }) => id === event.id);
    if (this.deleted.includes(event.id)) return { id: event.id, status: "duplicate" };
    if (before)
      return JSON.stringify(before) === JSON.stringify(event)
        ? { id: event.id, status: "duplicate" }
        : rejected(event.id, 1);
    if (event.paper === BAD_PAPER) return rejected(event.id, 2);
    this.events.push(event);
    return { id: event.id, status: "accepted" };
  }

  /** @param {{id: string}[]} papers */
  rank(papers) {
    const { response } = example("POST /v1/rank");
    const [card] = response.cards;
    const { items } = example("GET /v1/recommendations").response;
    return {
      ...response,
      cards: papers.map(({ id }, at) => ({ ...card, id, input_id: id, rank: at + 1, state: this.state(id) })),
      recommended: items,
    };
  }

  state(paper) {
    const said = (...kinds) => this.events.findLast((one) => one.paper === paper && kinds.includes(one.kind));
    return {
      opened_at: said("open")?.at ?? null,
      saved: said("save", "unsave")?.kind === "save",
      hidden: said("hide", "unhide")?.kind === "hide",
    };
  }

  forget(id) {
    this.deleted.push(id);
    this.events = this.events.filter((event) => event.id !== id);
    return reply(204);
  }
}

/** A paper whose events the server refuses. */
export const BAD_PAPER = "9999.99999";
const rejected = (id, at) => ({ ...example("POST /v1/events", "sent before").response.results[at], id });

let made = 0;
/** @param {string} kind @param {string} paper @param {object} [more] */
export const event = (kind, paper, more = {}) => ({
  id: `6f1c2d3e-0000-4000-8000-${String(++made).padStart(12, "0")}`,
  kind,
  paper,
  at: new Date().toISOString(),
  surface: "card",
  page: "daily/2026-11-20",
  ...more,
});

/** A paired browser with its worker running, at a fixed time. */
export async function pairedBrowser({ server = new Server(), ...local } = {}) {
  vi.useFakeTimers({
    now: new Date("2026-11-20T08:00:00Z"),
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  const browser = new Browser(server);
  browser.local = { serverUrl: SERVER, token: "token", ...local };
  await browser.start();
  return browser;
}

/** After each test: end what still runs, then give everything back. */
export async function end() {
  current?.die();
  await settle(20);
  vi.useRealTimers();
  vi.unstubAllGlobals();
}
