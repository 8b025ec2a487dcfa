import { expect, test } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { Mark, openMark } from "../../../extension/src/ui/mark.js";
import { attention, listOf, openPage, view } from "../page-kit.js";

const PAPER = "2501.00001";
const OPENED = "2026-11-20T00:00:00Z";
/** The paper is the best of twenty. */
const PAPERS = [...Array.from({ length: 19 }, (_, at) => `2502.000${10 + at}`), PAPER];

/** A drawn mark. @param {object} [state] @param {string} [where] @param {number | null} [original] */
function draw(state = {}, where = "corner", original = null) {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  const mark = { opened_at: null, saved: false, hidden: false, ...state };
  page.view = view({ list: listOf(PAPERS), marks: { [PAPER]: mark } });
  const drawn = new Mark(page, { id: PAPER, title: "A paper" }, where);
  document.body.append(drawn.host);
  drawn.draw(3, original);
  return { ...drawn, page, mark: drawn };
}

test.each([
  [{ hidden: true, saved: true, opened_at: OPENED }, "hidden"],
  [{ saved: true, opened_at: OPENED }, "saved"],
  [{ opened_at: OPENED }, "seen"],
  [{}, "fit"],
])("of %j one sign is shown", (state, sign) => {
  const { host, sign: button } = draw(state);
  expect(host.dataset.sign).toBe(sign);
  expect(button.getAttribute("aria-label")).not.toBe("");
});

test("without evidence nothing is called a fit", () => {
  const { host, mark } = draw();
  mark.draw(2, null);
  expect(host.dataset.sign).toBe("none");
});

test("what is not kept or sent yet is told apart", () => {
  const { host } = draw({ saved: true, pending: true, asked: true });
  expect([host.hasAttribute("data-pending"), host.hasAttribute("data-asked")]).toEqual([true, true]);
  expect(draw({ saved: true }).host.hasAttribute("data-pending")).toBe(false);
});

test("in another order the card's own position is shown", () => {
  expect(draw().rank.hidden).toBe(true);
  const { rank } = draw({}, "corner", 7);
  expect([rank.hidden, rank.textContent]).toEqual([false, "was 7"]);
});

test("a bar gives the reason, but not that the reader knows this paper", () => {
  expect(draw({}, "bar").reason.textContent).toMatch(/^Close to “Saved 0”/);
  const { mark, page } = draw({}, "bar");
  page.view.list.cards.at(-1).reasons = [{ kind: "paper", share: 1, paper: PAPER, title: "A paper" }];
  mark.draw(3, null);
  expect(mark.reason.textContent).toBe("");
});

test("drawing the same again writes nothing", () => {
  const { mark, sign } = draw({ saved: true });
  const before = sign.firstElementChild;
  mark.draw(3, null);
  expect(sign.firstElementChild).toBe(before);
});

const buttons = ({ host }) => [...host.shadowRoot.querySelectorAll(".row > .icon")];

test("an unopened mark has all its buttons, named and in the order of Tab, but no icons yet", () => {
  const { mark } = draw();
  expect(buttons(mark).map((one) => [one.dataset.action, one.getAttribute("aria-label"), one.tabIndex])).toEqual([
    ["save", "Save: A paper", 0],
    ["hide", "Hide: A paper", -1],
    ["why", "Why: A paper", -1],
    ["undo", "Undo: A paper", -1],
    ["menu", "More for: A paper", -1],
  ]);
  expect(buttons(mark).filter((one) => one.querySelector("svg"))).toEqual([]);
});

test("opened, each button has its icon, once, and as it is now", () => {
  const { mark, page } = draw();
  openMark(mark.host);
  openMark(mark.host);
  expect(mark.host.dataset.open).toBe("");
  expect(buttons(mark).map((one) => one.querySelectorAll("svg").length)).toEqual([1, 1, 1, 1, 1]);
  expect(mark.buttons.save.querySelector(".filled")).toBe(null);
  page.view.marks = { [PAPER]: { opened_at: null, saved: true, hidden: false } };
  mark.draw(3, null);
  expect(mark.buttons.save.querySelector(".filled")).not.toBe(null);
  const { mark: saved } = draw({ saved: true });
  openMark(saved.host);
  expect(saved.buttons.save.querySelector(".filled")).not.toBe(null);
});

test("a bar is always open", () => {
  const { mark } = draw({}, "bar");
  expect(buttons(mark).map((one) => one.querySelectorAll("svg").length)).toEqual([1, 1, 1, 1, 1]);
  expect(buttons(mark).map((one) => one.textContent)).toEqual(["Save", "Hide", "Why", "Undo", ""]);
});

test("two marks made from one drawing share nothing", () => {
  const { mark } = draw({ hidden: true });
  const other = new Mark(mark.page, { id: "2502.00010", title: "Another" }, "side");
  other.draw(0, null);
  expect(mark.buttons.hide.hidden).toBe(true);
  expect([other.buttons.hide.hidden, other.buttons.save.getAttribute("aria-label")]).toEqual([false, "Save: Another"]);
  expect(other.host.dataset.sign).toBe("none");
});
