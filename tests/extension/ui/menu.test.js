import { expect, test, vi } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { make } from "../../../extension/src/ui/dom.js";
import { openMenu } from "../../../extension/src/ui/menu.js";
import { attention, clickByHand, openPage, pass, pressByHand, view } from "../page-kit.js";

const PAPER = { id: "2501.00001", title: "One" };

/** The open menu of a paper. @param {object} [marks] */
function open(marks = {}) {
  const opened = openPage("https://huggingface.co/papers", {
    html: "<body></body>",
    answer: ({ type }) => (type === "papers/similar" ? { ok: true, items: [], marks: {} } : undefined),
  });
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.view = view({ marks });
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const button = make("button", { type: "button" });
  root.append(button);
  document.body.append(host);
  openMenu(page, button, PAPER, { surface: "card", position: 3 });
  const menu = root.querySelector(".menu");
  const entries = [...menu.querySelectorAll("[role=menuitem]")];
  return { ...opened, page, root, button, menu, entries };
}

test("it is a menu with a name, and its first entry has the focus", () => {
  const { root, menu, entries } = open();
  expect([menu.getAttribute("role"), menu.getAttribute("aria-label")]).toEqual(["menu", "More for: One"]);
  expect(entries.map(({ textContent }) => textContent)).toEqual(["Similar papers", "Less like this"]);
  expect(root.activeElement).toBe(entries[0]);
});

test("arrow keys go round, Home and End to the ends, Tab out, and other keys nowhere", () => {
  const { window, root, menu, entries } = open();
  const at = (key) => (pressByHand(window, root.activeElement, key), entries.indexOf(root.activeElement));
  expect(["ArrowDown", "ArrowDown", "ArrowUp", "Home", "End", "x", "ArrowLeft"].map(at)).toEqual([1, 0, 1, 0, 1, 1, 1]);
  menu.hidePopover = vi.fn();
  at("Tab");
  expect(menu.hidePopover).toHaveBeenCalledOnce();
});

test("less like this is logged where the paper stands, shown at once, and by the reader's own press alone", async () => {
  const { window, page, entries, of } = open();
  entries[1].click();
  expect(of("event/log")).toEqual([]);
  clickByHand(window, entries[1]);
  expect(page.markOf(PAPER.id)).toMatchObject({ disliked: true, hidden: false, asked: true });
  await pass();
  expect(of("event/log")[0].event).toMatchObject({
    kind: "dislike",
    paper: PAPER.id,
    surface: "card",
    position: 3,
  });
});

test("where less is wanted already, that is what the menu takes back", async () => {
  const { window, entries, of } = open({
    [PAPER.id]: { opened_at: null, saved: false, hidden: false, disliked: true },
  });
  expect(entries[1].textContent).toBe("No longer less like this");
  clickByHand(window, entries[1]);
  await pass();
  expect(of("event/log")[0].event).toMatchObject({ kind: "undislike", paper: PAPER.id });
});

test("similar papers come in the menu's place", async () => {
  const { window, root, entries, of } = open();
  clickByHand(window, entries[0]);
  await pass();
  expect(of("papers/similar")).toEqual([{ type: "papers/similar", paper: PAPER.id }]);
  expect([...root.querySelectorAll(".box")].map(({ className }) => className)).toEqual(["box similar"]);
});
