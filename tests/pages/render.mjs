// A stand-in page for a URL of huggingface.co/papers or arxiv.org. Used by the HTTPS server (through renderer.mjs) and,
// directly, by the extension's own tests: `renderPage('https://huggingface.co/papers/trending', {generation: '2024'})`.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { arxivFeed, arxivPage } from "./arxiv.mjs";
import { generatePapers, papersFromCards } from "./catalogue.mjs";
import { asText, errorPage } from "./errors.mjs";
import { apiEntries, listingProps, paperProps, propsAttribute } from "./props.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
execFileSync(process.execPath, [path.join(HERE, "build.mjs")], { stdio: "inherit" });
const rendering = {};
for (const generation of ["2024", "2026"]) {
  rendering[generation] = (await import(/* @vite-ignore */ `../.cache/pages/server.${generation}.mjs`)).renderIsland;
}

/** Every knob with its default; a URL's query, or a test, sets others. README.md says what each does. */
export const KNOBS = {
  generation: "2026",
  delay: 300,
  props: "ok",
  tabs: "cards",
  login: "",
  upvoted: "",
  shape: "ok",
  pulse: "",
  n: 0,
  twice: "",
  error: "",
  empty: "",
  dir: "",
  today: new Date().toISOString().slice(0, 10),
  seed: 7,
};
const COUNTS = { daily: 45, weekly: 105, monthly: 105, trending: 50, search: 60 };

const escape = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const scriptJson = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

function weekOf(date) {
  const day = new Date(`${date}T00:00:00Z`);
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * 86_400_000);
  const week = Math.ceil(((thursday - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

const catalogues = new Map();
function catalogue(knobs) {
  const key = `${knobs.seed} ${knobs.today}`;
  if (!catalogues.has(key)) catalogues.set(key, generatePapers({ seed: Number(knobs.seed), today: knobs.today }));
  return catalogues.get(key);
}

/** Which listing a path is, or null. */
export function listingOf(url) {
  const [, dated, period] = /^\/papers\/(date|week|month)\/([\w-]+)$/.exec(url.pathname) ?? [];
  if (url.searchParams.get("q")) return { kind: "search", period: period ?? "" };
  if (url.pathname === "/papers/trending") return { kind: "trending", period: "" };
  return dated ? { kind: { date: "daily", week: "weekly", month: "monthly" }[dated], period } : null;
}

const STARTS = {
  daily: (knobs, period) => 45 * Math.max(0, Math.round((Date.parse(knobs.today) - Date.parse(period)) / 86_400_000)),
};

function matching(papers, query) {
  const words = query.toLowerCase().split(/\s+/);
  return papers.filter((paper) =>
    words.some((word) => `${paper.title} ${paper.abstract}`.toLowerCase().includes(word)),
  );
}

/** The papers a listing shows: those a test gave for its path (or for `*`), else some of the generated catalogue. */
function papersShown({ kind, period }, url, knobs, cards) {
  if (knobs.empty) return [];
  const given = cards[url.pathname] ?? cards["*"];
  const all = given ? papersFromCards(given, knobs.today) : catalogue(knobs);
  const found = kind === "search" && !given ? matching(all, url.searchParams.get("q")) : all;
  const start = given ? 0 : (STARTS[kind]?.(knobs, period) ?? 0);
  const shown = found.slice(start, start + (Number(knobs.n) || (given ? given.length : COUNTS[kind])));
  return knobs.twice && shown.length > 2 ? [...shown, shown[1]] : shown;
}

function island(name, props, hydration, knobs) {
  const body = rendering[knobs.generation](name, hydration);
  return `<div class="SVELTE_HYDRATER contents" data-target="${name}"${props === null ? ' data-props="{}"' : propsAttribute(props, knobs.props)}>${body}</div>`;
}

const dataFor = (name, hydration) =>
  `<script type="application/json" data-for="${name}">${scriptJson(hydration)}</script>`;

/** A mark every few milliseconds, for a profile to show where one task ends and another begins. */
const PULSE = '<script>{ const beat = () => { performance.mark("beat"); setTimeout(beat, 4); }; beat(); }</script>';

function shell({ title, islands, data, knobs }) {
  const [open, close] = knobs.generation === "2026" ? ["<!--[-->", "<!--]-->"] : ["", ""];
  return `<!doctype html>
<html class=""${knobs.dir ? ` dir="${escape(knobs.dir)}"` : ""}><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/><title>${escape(title)}</title>
<link rel="stylesheet" href="/front/listing.css"/><link rel="icon" href="data:,"/>
${knobs.pulse ? PULSE : ""}<script>{ const chosen = /(?:^|; )theme=(\\w+)/.exec(document.cookie)?.[1]; document.documentElement.classList.toggle("dark", chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches); }</script></head>
<body class="flex flex-col min-h-dvh bg-white dark:bg-gray-950 text-black DailyPapersPage">${open}<div class="flex min-h-dvh flex-col">${islands.header}<main class="flex flex-1 flex-col">${islands.main}</main><footer class="main-footer">Company · Terms · Privacy</footer></div>${close}
${data}<script type="application/json" id="stand-in">${scriptJson(knobs)}</script><script>import("/front/build/client.${knobs.generation}.mjs")</script></body></html>`;
}

function pageOf(title, name, props, hydration, knobs) {
  const viewer = { loggedIn: hydration.loggedIn };
  return shell({
    title,
    knobs,
    islands: {
      header: island("MainHeader", null, viewer, knobs),
      main:
        island("DailyPapersBannerSubscribe", null, {}, knobs) +
        island(name, props, { ...hydration, navigate: null }, knobs),
    },
    data: dataFor("MainHeader", viewer) + dataFor("DailyPapersBannerSubscribe", {}) + dataFor(name, hydration),
  });
}

function listingPage(listing, url, knobs, cards) {
  const loggedIn = Boolean(knobs.login);
  const papers = papersShown(listing, url, knobs, cards);
  const props = listingProps({
    kind: listing.kind,
    papers,
    others: catalogue(knobs).slice(300, 345),
    query: url.searchParams.get("q"),
    date: listing.period || knobs.today,
    loggedIn,
    upvoted: String(knobs.upvoted).split(","),
  });
  return pageOf(
    listing.kind === "trending" ? "Trending Papers" : "Daily Papers",
    "DailyPapers",
    props,
    { listing: props, loggedIn, wrapped: knobs.generation === "2024", shape: knobs.shape },
    knobs,
  );
}

function findPaper(id, knobs, cards) {
  const given = Object.values(cards).flatMap((list) => papersFromCards(list, knobs.today));
  return (
    [...given, ...catalogue(knobs)].find((paper) => paper.id === id) ??
    papersFromCards([{ id, title: `Paper ${id}`, abstract: "An abstract." }], knobs.today)[0]
  );
}

function paperPage(id, knobs, cards) {
  const props = paperProps({
    paper: findPaper(id, knobs, cards),
    loggedIn: Boolean(knobs.login),
    upvoted: String(knobs.upvoted).split(","),
  });
  return pageOf(
    "Paper page",
    "PaperContent",
    props,
    { content: props, loggedIn: Boolean(knobs.login), shape: knobs.shape },
    knobs,
  );
}

function knobsFor(url, defaults) {
  const asked = Object.fromEntries([...url.searchParams].filter(([name]) => name in KNOBS));
  const knobs = { ...KNOBS, ...defaults, ...asked };
  knobs.delay = Number(knobs.delay);
  return { ...knobs, date: knobs.today, week: weekOf(knobs.today), month: knobs.today.slice(0, 7) };
}

function dailyPapersApi(url, knobs, cards) {
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const skip = Number(url.searchParams.get("p") ?? 0) * limit;
  const named = ["date", "week", "month"].find((kind) => url.searchParams.has(kind));
  const dated = named ? `${named}/${url.searchParams.get(named)}` : `date/${knobs.today}`;
  const page = new URL(`/papers/${url.searchParams.get("sort") === "trending" ? "trending" : dated}`, url);
  const listing = listingOf(page) ?? { kind: "daily", period: knobs.today };
  // A day that is yet to come is no copy of today, or it would look like a cache that is stuck.
  const ahead = Math.max(0, (Date.parse(listing.period) - Date.parse(knobs.today)) / 86_400_000 || 0);
  return apiEntries(papersShown(listing, page, knobs, cards).slice(ahead + skip, ahead + skip + limit));
}

/**
 * @param {string} address  the full URL asked for
 * @param {object} [defaults]  knobs, see KNOBS; the URL's own query goes before them
 * @param {Record<string, object[]>} [cards]  listing path (or `*`) -> cards `{id, title, abstract, ...}` to show there
 * @returns {{status: number, location?: string, type?: string, body: string}}
 */
export function answer(address, defaults = {}, cards = {}) {
  const url = new URL(address);
  const knobs = knobsFor(url, defaults);
  const papers = () => [
    ...Object.values(cards).flatMap((list) => papersFromCards(list, knobs.today)),
    ...catalogue(knobs),
  ];
  if (url.pathname === "/api/query") return arxivFeed(url, papers());
  if (/(^|\.)arxiv\.org$/.test(url.hostname)) return arxivPage(url, papers(), knobs);
  if (url.pathname === "/api/daily_papers")
    return { status: 200, type: "application/json", body: JSON.stringify(dailyPapersApi(url, knobs, cards)) };
  if (url.pathname === "/login") return { status: 200, body: "<!doctype html><title>Log in</title><h1>Log in</h1>" };
  if (knobs.error) return errorPage(url, knobs.error);
  const listing = listingOf(url);
  if (listing) return { status: 200, body: listingPage(listing, url, knobs, cards) };
  if (/^\/papers\/?$/.test(url.pathname))
    return { status: 302, location: `/papers/date/${knobs.today}${url.search}`, body: "" };
  const text = /^\/papers\/(.+)\.md$/.exec(url.pathname);
  if (text) return asText(findPaper(text[1], knobs, cards));
  const paper = /^\/papers\/(.+?)\/?$/.exec(url.pathname);
  if (paper) return { status: 200, body: paperPage(paper[1], knobs, cards) };
  return { status: 404, body: "<!doctype html><title>Not found</title><h1>404</h1>" };
}

/** The HTML of the page at `address`; see `answer`. */
export const renderPage = (address, defaults, cards) => answer(address, defaults, cards).body;
