import { beforeEach, expect, test } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { attention, listOf, openPage, pass, view } from "../page-kit.js";

const PAPER = "2501.00001";
/** @type {Page} */
let page;
/** @type {(message: any) => any} */
let answer;
/** @type {ReturnType<typeof openPage>} */
let opened;

beforeEach(() => {
  answer = () => undefined;
  const url = "https://huggingface.co/papers/date/2026-11-20";
  opened = openPage(url, { html: "<body></body>", answer: (message) => answer(message) });
  page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.show(view());
});

const signal = () => new AbortController().signal;
/** @param {object} over */
const mark = (over = {}) => ({ opened_at: null, saved: false, hidden: false, ...over });

test("what is pressed is shown at once, and a view that does not know of it yet does not take it back", async () => {
  let settle;
  answer = () => new Promise((go) => (settle = go));
  const acted = page.act("save", PAPER, { surface: "card" });
  expect(page.markOf(PAPER)).toMatchObject({ saved: true, pending: true, asked: true });
  page.show(view());
  expect(page.markOf(PAPER).saved).toBe(true);
  settle({ ok: true, marks: { [PAPER]: mark({ saved: true }) } });
  await acted;
  page.show(view({ marks: { [PAPER]: mark({ saved: false }) } }));
  expect(page.markOf(PAPER).saved).toBe(false);
});

test("what could not be kept goes back, with a warning", async () => {
  answer = () => ({ ok: false, error: { code: "storage", message: "No room." } });
  const warnings = [];
  page.on("warn", (sentence) => warnings.push(sentence), signal());
  await page.act("hide", PAPER, { surface: "card" });
  expect(page.markOf(PAPER).hidden).toBe(false);
  expect(warnings).toEqual(["That could not be kept: No room."]);
  // There is nothing to take back: undo asks for the opposite.
  await page.undo(PAPER, "card");
  expect(opened.of("event/undo")).toEqual([]);
});

test("undo takes back the last action here, once", async () => {
  answer = ({ type }) => (type === "event/undo" ? { ok: true, marks: { [PAPER]: mark() } } : { ok: true, marks: {} });
  await page.act("hide", PAPER, { surface: "card" });
  const [{ event }] = opened.of("event/log");
  await page.undo(PAPER, "card");
  expect(opened.of("event/undo")).toEqual([{ type: "event/undo", id: event.id, paper: PAPER }]);
  expect(page.lastActions.has(PAPER)).toBe(false);
});

test("an impression changes no mark, and an event on the demo says so", async () => {
  answer = () => ({ ok: true, marks: { [PAPER]: mark({ saved: true }) } });
  await page.log("impression", PAPER, { surface: "card", position: 1 });
  expect(page.markOf(PAPER).saved).toBe(false);
  page.place = { ...page.place, site: "demo" };
  await page.log("open", PAPER, { surface: "card" });
  expect(opened.of("event/log")[1].event.surface).toBe("demo");
});

test("the reader's pause wins over what the scan found, which wins over the rest", () => {
  page.finding = "drift";
  expect(page.state).toBe("drift");
  page.show(view({ state: "paused" }));
  expect(page.state).toBe("paused");
});

test("a list cited is one that ranks this page", () => {
  const card = { id: PAPER };
  page.snapshot = { ...page.snapshot, cards: [{ card }] };
  page.show(view({ list: listOf(["2599.00001"]) }));
  expect(page.listId).toBe(undefined);
  page.show(view({ list: listOf([PAPER]) }));
  expect(page.listId).toBe("L1");
});

test("positions are those of the order shown, each paper once", () => {
  const cards = ["a", "b", "a", "c"].map((id) => ({ card: { id } }));
  page.snapshot = { ...page.snapshot, cards };
  expect(page.orderedPapers).toEqual(["a", "b", "c"]);
  page.sortKeys = new Map([
    ["c", 1],
    ["a", 2],
    ["b", 3],
  ]);
  expect([page.positionOf("c"), page.positionOf("b"), page.positionOf("x")]).toEqual([1, 3, null]);
});

test("a call stopped by another is not made", async () => {
  const second = new AbortController();
  const calls = [];
  page.on("cards", () => (calls.push(1), second.abort()), signal());
  page.on("cards", () => calls.push(2), second.signal);
  page.emit("cards");
  await pass();
  expect(calls).toEqual([1]);
});
