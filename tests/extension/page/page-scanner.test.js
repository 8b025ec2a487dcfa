import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { PageScanner } from "../../../extension/src/page/page-scanner.js";
import { attention, openPage, view } from "../page-kit.js";

const PLACE = { site: "huggingface", kind: "daily", page: "daily/2026-11-20", paper: null };
let snapshot;
let answer;
/** @type {ReturnType<typeof openPage>} */
let opened;
/** @type {Page} */
let page;
/** @type {PageScanner} */
let scanner;
let life;

/** What the site's parser finds. @param {string[]} papers @param {number} [expected] */
const found = (papers, expected = papers.length) => ({
  cards: papers.map((id) => ({ card: { id, title: id }, element: document.createElement("p") })),
  expected,
  island: null,
  before: null,
  column: null,
  outside: true,
});

beforeEach(() => {
  vi.useFakeTimers();
  answer = ({ type }) => (type === "page/cards" ? { ok: true, view: view() } : undefined);
  const options = { html: "<body></body>", answer: (message) => answer(message) };
  opened = openPage("https://huggingface.co/papers", options);
  snapshot = found(["a", "b"]);
  life = new AbortController();
  page = new Page({ parse: () => snapshot }, PLACE, attention());
  scanner = new PageScanner(page, life.signal);
});
afterEach(() => {
  life.abort();
  vi.useRealTimers();
});

const sentCards = () => opened.of("page/cards").map(({ cards }) => cards.map(({ id }) => id).join());

test("cards are sent once, and again only when others come", async () => {
  scanner.start();
  scanner.scan();
  await vi.advanceTimersByTimeAsync(0);
  expect(sentCards()).toEqual(["a,b"]);
  snapshot = found(["a", "b", "c", "c"], 3);
  document.body.append(document.createElement("p"));
  await vi.advanceTimersByTimeAsync(700);
  expect(sentCards()).toEqual(["a,b", "a,b,c"]);
});

test("what we add ourselves is no change of the page", async () => {
  scanner.start();
  const parse = vi.spyOn(page.site, "parse");
  const host = document.createElement("div");
  host.dataset.inkling = "mark";
  document.body.append(host);
  await vi.advanceTimersByTimeAsync(1000);
  expect(parse).not.toHaveBeenCalled();
});

test("a known page may look unfamiliar for a moment; after that it is drift, reported once", async () => {
  scanner.start();
  snapshot = found(["a"], 10);
  scanner.scan();
  expect(page.finding).toBe(null);
  await vi.advanceTimersByTimeAsync(5000);
  expect(page.finding).toBe("drift");
  scanner.scan();
  expect(opened.of("report/drift")).toEqual([
    { type: "report/drift", site: "huggingface", page_kind: "daily", page: PLACE.page, seen: 1, expected: 10 },
  ]);
  snapshot = found(["a", "b"]);
  scanner.scan();
  expect(page.finding).toBe(null);
});

test("one unrecognised paper is no drift; a page never recognised is left alone at once", () => {
  snapshot = found(["a"], 2);
  scanner.scan();
  expect(page.finding).toBe(null);
  snapshot = found([], 2);
  scanner.wasRecognised = false;
  scanner.scan();
  expect(page.finding).toBe("drift");
});

test("a page that is none of ours is not reported", async () => {
  snapshot = null;
  scanner.scan();
  expect(page.finding).toBe("none");
  await vi.advanceTimersByTimeAsync(5000);
  expect(opened.sent).toEqual([]);
});

test("paused, nothing is parsed; going on scans anew", () => {
  page.show(view({ state: "paused" }));
  const parse = vi.spyOn(page.site, "parse");
  scanner.scan();
  expect(parse).not.toHaveBeenCalled();
  scanner.acceptView(view());
  expect(parse).toHaveBeenCalledOnce();
});

test("cards the worker could not take are sent again, and the reader is told why there is no list", async () => {
  answer = () => ({ ok: false, error: { code: "limited", message: "Busy." } });
  page.show(view());
  scanner.scan();
  await vi.advanceTimersByTimeAsync(10);
  expect(page.view.message).toBe("Busy.");
  await vi.advanceTimersByTimeAsync(3000);
  expect(sentCards()).toEqual(["a,b", "a,b"]);
});

/** A site whose page takes so many pieces to read; the first call of `parse` finds what is there then. */
function slow(pieces) {
  vi.spyOn(performance, "now").mockReturnValue(0);
  const read = vi.fn();
  page.site.unread = () => Array.from({ length: pieces - read.mock.calls.length }, () => read);
  page.site.parse = vi.fn(() => snapshot);
  return read;
}

test("what is costly is read in bounded slices, and only then is the page taken as it is", async () => {
  const read = slow(500);
  const started = scanner.start();
  expect(read.mock.calls.length).toBeLessThanOrEqual(60);
  expect(page.site.parse).not.toHaveBeenCalled();
  snapshot = found(["b", "a"]);
  await vi.advanceTimersByTimeAsync(100);
  await started;
  expect(read).toHaveBeenCalledTimes(500);
  expect(page.site.parse).toHaveBeenCalledOnce();
  expect(page.cards.map(({ card }) => card.id)).toEqual(["b", "a"]);
});

test("a page that changes while it is read is taken once, as it is at the end", async () => {
  const read = slow(500);
  scanner.start();
  snapshot = found(["c"]);
  const again = scanner.readAndScan();
  await vi.advanceTimersByTimeAsync(100);
  await again;
  expect(read).toHaveBeenCalledTimes(500);
  expect(page.site.parse).toHaveBeenCalledOnce();
  expect(sentCards()).toEqual(["c"]);
});

test("paused or taken away meanwhile, nothing more is read", async () => {
  const read = slow(500);
  page.show(view({ state: "paused" }));
  await scanner.start();
  expect(read).not.toHaveBeenCalled();
  page.show(view());
  scanner.readAndScan();
  const before = read.mock.calls.length;
  life.abort();
  await vi.advanceTimersByTimeAsync(100);
  expect(read).toHaveBeenCalledTimes(before);
  expect(page.site.parse).not.toHaveBeenCalled();
});

test("in a tab behind others, where timers wait a second each, the page is read at once", async () => {
  const read = slow(500);
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  await scanner.start();
  expect(read).not.toHaveBeenCalled();
  expect(page.site.parse).toHaveBeenCalledOnce();
});
