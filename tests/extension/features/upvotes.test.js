import { afterEach, expect, test } from "vitest";
import { upvotes } from "../../../extension/src/features/upvotes.js";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { attention, clickByHand, openPage, pass, settings, view } from "../page-kit.js";

const life = { now: new AbortController() };
afterEach(() => life.now.abort());

/** @param {object} knobs */
function start(knobs) {
  const opened = openPage("https://huggingface.co/papers/date/2026-11-20", { knobs: { n: 3, ...knobs } });
  life.now = new AbortController();
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.snapshot = huggingface.parse(document, page.place);
  page.view = view();
  upvotes.init(page, life.now.signal);
  return { ...opened, page };
}

test("an upvote that the page accepted is told as a save, and its end as an unsave", async () => {
  const { window, of, page } = start({ login: "1" });
  const box = document.querySelector("article label input");
  clickByHand(window, box);
  await pass(350);
  clickByHand(window, box);
  await pass(350);
  expect(of("upvote/changed").map(({ upvoted, event }) => [upvoted, event.kind, event.paper])).toEqual([
    [true, "save", page.cards[0].card.id],
    [false, "unsave", page.cards[0].card.id],
  ]);
});

test("a click on the label counts once, though it also clicks the box", async () => {
  const { window, of } = start({ login: "1" });
  const label = document.querySelector("article label");
  clickByHand(window, label);
  await pass(350);
  expect(of("upvote/changed").length).toBeLessThanOrEqual(1);
});

test("an upvote that the page took back at once is nothing", async () => {
  const { window, of } = start({ login: "1" });
  const box = document.querySelector("article label input");
  clickByHand(window, box);
  box.checked = false;
  await pass(350);
  expect(of("upvote/changed")).toEqual([]);
});

test("a logged-out reader's upvote is nothing", async () => {
  const { window, of } = start({});
  clickByHand(window, document.querySelector('article a[href^="/login"] svg'));
  await pass(350);
  expect(of("upvote/changed")).toEqual([]);
});

test("it runs only where the reader left that setting on", () => {
  const { page } = start({});
  expect(upvotes.runs(page)).toBe(true);
  page.view = view({ settings: { ...settings(), upvote_is_save: false } });
  expect(upvotes.runs(page)).toBe(false);
});
