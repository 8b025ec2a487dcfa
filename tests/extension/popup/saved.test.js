import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

const saved = (id, over = {}) => ({
  id,
  title: `Paper ${id}`,
  authors: [],
  tags: [],
  upvotes: 1,
  url: null,
  saved_at: "2026-11-20T08:00:00Z",
  ...over,
});
const ENTRIES = [
  saved("2501.00003", { title: "Räume und Träume", authors: ["Paul Erdős"] }),
  saved("2501.00002", { title: "Caches of keys", tags: ["for Friday"] }),
  saved("2501.00001", { title: "Tables", authors: ["Ada Lovelace"], waiting: true }),
];

/** Open the popup at its saved papers; `answers` may settle later. */
async function open(answers = {}) {
  const answer = ({ type, refresh, q }) => {
    if (type === "library/list") return (refresh ? answers.fresh : undefined) ?? answers.known;
    if (type === "library/find") return answers.find?.(q);
    return type === "act" ? { ok: true } : undefined;
  };
  const page = openOwnPage("src/popup/popup.html", { answer });
  await import("../../../extension/src/popup/popup.js");
  byId("tab-saved").click();
  await pass();
  return page;
}

const listed = (entries, over = {}) => ({ ok: true, entries, fetched_at: 1, more: false, ...over });
const titles = () => [...byId("pane").querySelectorAll("li a")].map(({ textContent }) => textContent);
const status = () => byId("pane").querySelector("[role=status]").textContent;

async function search(words) {
  const field = byId("pane").querySelector("input");
  field.value = words;
  dispatch(field, "input");
  await pass();
}

test("each saved paper opens, and says when it was saved and how it is tagged", async () => {
  await open({ known: listed(ENTRIES) });
  expect(titles()).toEqual(["Räume und Träume", "Caches of keys", "Tables"]);
  expect(byId("pane").querySelector("li a").href).toBe("https://huggingface.co/papers/2501.00003");
  const [, second, third] = byId("pane").querySelectorAll("li");
  expect(second.textContent).toMatch(/Saved Nov 20, 2026Tags: for Friday/);
  expect(third.textContent).toMatch(/Ada LovelaceSaved Nov 20, 2026, not sent yet/);
  expect(status()).toBe("Saved: 3.");
});

test.each([
  ["erdos raume", ["Räume und Träume"]],
  ["ADA", ["Tables"]],
  ["friday", ["Caches of keys"]],
  ["2501.00001", ["Tables"]],
  ["keys tables", []],
  ["  ", ["Räume und Träume", "Caches of keys", "Tables"]],
])("the search %j looks in titles, authors, tags and ids, for every word", async (words, found) => {
  await open({ known: listed(ENTRIES) });
  await search(words);
  expect(titles()).toEqual(found);
  if (!found.length) expect(byId("pane").textContent).toContain("No saved paper has all these words.");
  expect(status()).toBe(found.length === 3 ? "Saved: 3." : `Found: ${found.length} of 3.`);
});

test("what the server has comes in when it answers; until then the copy is shown", async () => {
  let settle;
  await open({ known: listed(ENTRIES.slice(1)), fresh: new Promise((go) => (settle = go)) });
  expect(titles()).toEqual(["Caches of keys", "Tables"]);
  await search("räume");
  expect(titles()).toEqual([]);
  settle(listed(ENTRIES));
  await pass();
  expect(titles()).toEqual(["Räume und Träume"]);
});

test("with nothing saved it says what to do, and with the server silent what it does not know", async () => {
  let settle;
  await open({ known: listed([], { fetched_at: 0 }), fresh: new Promise((go) => (settle = go)) });
  expect(byId("pane").textContent).toContain("Asking the server");
  settle(listed([]));
  await pass();
  expect(byId("pane").textContent).toContain("Nothing is saved yet.");
  expect(status()).toBe("");
  vi.unstubAllGlobals();
  await open({ known: listed([], { fetched_at: 0, silent: "The server does not answer." }) });
  expect(byId("pane").textContent).toContain("This browser has no copy of your saved papers yet.");
  expect(status()).toBe("The server does not answer.");
});

test("with the server silent the copy says from when it is", async () => {
  await open({
    known: listed(ENTRIES),
    fresh: listed(ENTRIES, { silent: "The server does not answer.", fetched_at: Date.parse("2026-11-20T08:00:00Z") }),
  });
  expect(status()).toMatch(/^Saved: 3\. The server does not answer\. These are your saved papers as of Nov 20, 2026/);
  expect(titles()).toHaveLength(3);
});

test("a paper is removed and saved again where it stands", async () => {
  let settle;
  const { of } = await open({ known: listed(ENTRIES), fresh: new Promise((go) => (settle = go)) });
  const button = byId("pane").querySelectorAll("li button")[1];
  expect(button.getAttribute("aria-label")).toBe("Remove from the saved papers: Caches of keys");
  button.click();
  await pass();
  expect([button.textContent, byId("said").textContent]).toEqual(["Save again", "No longer saved."]);
  // A list that comes meanwhile does not take it away.
  settle(listed(ENTRIES.slice(0, 1)));
  await pass();
  expect(button.isConnected).toBe(true);
  button.click();
  await pass();
  expect(button.textContent).toBe("Remove");
  expect(of("act").map(({ kind, paper, surface }) => [kind, paper, surface])).toEqual([
    ["unsave", "2501.00002", "library"],
    ["save", "2501.00002", "library"],
  ]);
});

test("what could not be removed stays", async () => {
  const page = await open({ known: listed(ENTRIES) });
  globalThis.chrome.runtime.sendMessage = async () => ({ ok: false, error: { code: "full", message: "No room." } });
  byId("pane").querySelector("li button").click();
  await pass();
  expect([byId("pane").querySelector("li button").textContent, byId("said").textContent]).toEqual([
    "Remove",
    "No room.",
  ]);
  expect(page.of("act")).toEqual([]);
});

test("of many, fifty are drawn at a time", async () => {
  const many = Array.from({ length: 120 }, (_, at) => saved(`2501.${10_000 + at}`));
  await open({ known: listed(many) });
  const more = () => [...byId("pane").querySelectorAll("button")].find(({ textContent }) => textContent === "More");
  expect([titles().length, status()]).toEqual([50, "Saved: 120."]);
  more().click();
  await pass();
  expect(titles()).toHaveLength(100);
  expect(document.activeElement.textContent).toBe("Paper 2501.10050");
  more().click();
  await pass();
  expect([titles().length, more()]).toEqual([120, undefined]);
});

test("what is too old for the copy is searched on the server, by Enter, and once", async () => {
  const find = vi.fn(() => ({ ok: true, entries: [ENTRIES[1], saved("2401.00009", { title: "Old keys" })] }));
  await open({ known: listed(ENTRIES, { more: true }), find });
  expect(status()).toContain("press Enter to search the older ones");
  await search("keys");
  expect(find).not.toHaveBeenCalled();
  dispatch(byId("pane").querySelector("form"), "submit");
  await pass();
  expect(titles()).toEqual(["Caches of keys", "Old keys"]);
  await search("tables");
  expect(titles()).toEqual(["Tables"]);
});
