import { afterEach, expect, test, vi } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { clickByHand, listOf, view } from "../page-kit.js";
import { drawn, hosts, inMark, inPanel, keeping, start, stop } from "./listing-kit.js";

afterEach(stop);

test("each card has one mark, in its own corner, and a second drawing adds none", async () => {
  const { page, papers } = start([marks]);
  await drawn();
  page.emit("view");
  page.emit("cards");
  await drawn();
  expect(hosts().map((host) => host.dataset.paper)).toEqual(papers);
  expect(hosts().every((host) => host.parentElement.tagName === "ARTICLE")).toBe(true);
});

test("nothing is put into an island before its gate opens", async () => {
  const { page } = start([marks, panel], { open: false });
  await drawn();
  expect(document.querySelectorAll("[data-target] [data-inkling]")).toHaveLength(0);
  expect(document.querySelectorAll("[data-inkling=panel]")).toHaveLength(1);
  page.isHydrated = true;
  page.emit("hydrated");
  await drawn();
  expect(hosts()).toHaveLength(6);
});

test("taken away, the page is as it was, to the last byte", async () => {
  const { dom } = start([]);
  const before = dom.serialize();
  const { page, dom: other } = start([marks, panel, order]);
  await drawn();
  page.emit("ask-order", "foryou");
  await page.act("hide", page.cards[0].card.id, { surface: "card" });
  await drawn();
  expect(other.serialize()).not.toBe(before);
  stop();
  await drawn();
  expect(other.serialize()).toBe(before);
});

test("a mark shows at most one sign: hidden before saved before seen before fit", async () => {
  const { page, papers } = start([marks]);
  await drawn();
  expect(hosts().map((host) => host.dataset.sign)).toEqual(["none", "none", "none", "none", "none", "fit"]);
  expect(inMark(5, "[data-part=fit]").dataset.fit).toBe("1");
  const [a, b, c] = papers;
  const mark = (over) => ({ opened_at: null, saved: false, hidden: false, ...over });
  page.show({
    ...page.view,
    marks: {
      [a]: mark({ opened_at: "x" }),
      [b]: mark({ opened_at: "x", saved: true }),
      [c]: mark({ saved: true, hidden: true }),
    },
  });
  await drawn();
  expect(
    hosts()
      .slice(0, 3)
      .map((host) => host.dataset.sign),
  ).toEqual(["seen", "saved", "hidden"]);
});

test("with too little known of the reader no card is called a fit, and the panel says what it is", async () => {
  const fresh = [{ kind: "fresh", share: 1 }];
  const papers = ["2611.10091"];
  const list = listOf(papers);
  const blank = {
    ...list,
    model: null,
    cards: list.cards.map((one) => ({ ...one, reasons: fresh })),
    recommended: list.recommended.map((one) => ({ ...one, reasons: fresh })),
  };
  start([marks, panel], { view: view({ list: blank }) });
  await drawn();
  expect(hosts().every((host) => host.dataset.sign === "none")).toBe(true);
  expect(inPanel("h2")[0].textContent).toBe("New and popular: save three to make this yours");
  expect(inPanel("[data-part=reason]")[0].textContent).toBe("New");
});

test("saving by hand is one event with its list and place; a script's click is none", async () => {
  const { window, of, papers } = start([marks], { answer: keeping });
  await drawn();
  inMark(1, "[data-action=save]").click();
  expect(of("event/log")).toEqual([]);
  clickByHand(window, inMark(1, "[data-action=save]"));
  await drawn();
  expect(of("event/log").map(({ event }) => event)).toEqual([
    expect.objectContaining({ kind: "save", paper: papers[1], list_id: "L1", position: 2, surface: "card" }),
  ]);
  expect(of("event/log")[0].card).toMatchObject({ id: papers[1] });
  expect(inMark(1, "[data-action=save]").getAttribute("aria-pressed")).toBe("true");
  expect(hosts()[1].dataset.sign).toBe("saved");
});

test("undo takes back the event itself", async () => {
  const { window, of, papers } = start([marks], { answer: keeping });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=hide]"));
  await drawn();
  expect(inMark(0, "[data-action=undo]").hidden).toBe(false);
  expect(inMark(0, "[data-action=hide]").hidden).toBe(true);
  clickByHand(window, inMark(0, "[data-action=undo]"));
  await drawn();
  expect(of("event/undo")).toEqual([{ type: "event/undo", id: of("event/log")[0].event.id, paper: papers[0] }]);
});

test("what is pressed before an undo was answered can be taken back too", async () => {
  let settleUndo = () => {};
  const undone = new Promise((settle) => (settleUndo = settle));
  const answer = (message) =>
    message.type === "event/undo" ? undone.then(() => ({ ok: true, marks: {} })) : keeping(message);
  const { window, of, papers } = start([marks], { answer });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await drawn();
  clickByHand(window, inMark(0, "[data-action=undo]"));
  clickByHand(window, inMark(0, "[data-action=hide]"));
  settleUndo();
  await drawn();
  clickByHand(window, inMark(0, "[data-action=undo]"));
  await drawn();
  expect(of("event/undo").map(({ id }) => id)).toEqual(of("event/log").map(({ event }) => event.id));
  expect(of("event/undo").map(({ paper }) => paper)).toEqual([papers[0], papers[0]]);
});

test("a mark says that it is not kept yet until the worker has answered", async () => {
  let keep = () => {};
  const answered = new Promise((settle) => (keep = settle));
  const { window } = start([marks], {
    answer: (message) => (message.type === "event/log" ? answered.then(() => keeping(message)) : undefined),
  });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await drawn();
  expect([hosts()[0].dataset.sign, "asked" in hosts()[0].dataset]).toEqual(["saved", true]);
  keep();
  await drawn();
  expect([hosts()[0].dataset.sign, "asked" in hosts()[0].dataset]).toEqual(["saved", false]);
});

test("what could not be kept is taken back and said", async () => {
  const answer = ({ type }) =>
    type === "event/log" ? { ok: false, error: { code: "full", message: "The queue is full." } } : undefined;
  const { window, page } = start([marks, panel], { answer });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await drawn();
  expect(page.markOf(page.cards[0].card.id).saved).toBe(false);
  expect(inPanel("[role=status]")[0].textContent).toContain("The queue is full.");
});

test("a mark that the page threw out comes back", async () => {
  const { page } = start([marks]);
  await drawn();
  hosts()[2].remove();
  page.emit("after-scan");
  await drawn();
  expect(hosts()).toHaveLength(6);
});

test("a hidden card is dimmed in its place, and clear again after undo", async () => {
  const { page, papers } = start([marks]);
  await drawn();
  page.show({ ...page.view, marks: { [papers[0]]: { opened_at: null, saved: false, hidden: true } } });
  await drawn();
  expect(hosts()[0].parentElement.style.opacity).toBe("0.4");
  page.show({ ...page.view, marks: {} });
  await drawn();
  expect(hosts()[0].parentElement.style.opacity).toBe("");
});

test("a card that stands for another paper now has another mark", async () => {
  const { page } = start([marks]);
  await drawn();
  page.snapshot.cards[0] = { ...page.snapshot.cards[0], card: { id: "2601.99999", title: "Another" } };
  page.emit("cards");
  await drawn();
  expect(hosts()[0].dataset.paper).toBe("2601.99999");
  expect(hosts()).toHaveLength(6);
});

test("a view made before a press does not take it back", async () => {
  let keep;
  const answered = new Promise((go) => (keep = go));
  const { window, page } = start([marks], {
    answer: (message) => (message.type === "event/log" ? answered.then(() => keeping(message)) : undefined),
  });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  page.show(view({ list: page.list, marks: {} }));
  await drawn();
  expect(hosts()[0].dataset.sign).toBe("saved");
  keep();
  await drawn();
  page.show(view({ list: page.list, marks: {} }));
  await drawn();
  expect(hosts()[0].dataset.sign).not.toBe("saved");
});

test("a card whose reason is read stays open until that is closed, whatever the reader goes to", async () => {
  const { window } = start([marks]);
  await drawn();
  const over = (at) =>
    document.querySelectorAll("article")[at].dispatchEvent(new window.Event("pointerover", { bubbles: true }));
  over(0);
  clickByHand(window, inMark(0, "[data-action=why]"));
  over(1);
  expect(
    hosts()
      .map(({ dataset }) => "open" in dataset)
      .slice(0, 2),
  ).toEqual([true, true]);
  inMark(0, ".why-box").dispatchEvent(Object.assign(new window.Event("toggle"), { newState: "closed" }));
  expect(
    hosts()
      .map(({ dataset }) => "open" in dataset)
      .slice(0, 2),
  ).toEqual([false, true]);
});

test("a page that changes faster than its marks are drawn gets them all", async () => {
  vi.stubGlobal("requestIdleCallback", vi.fn());
  const { page } = start([marks], { path: "/papers/month/2026-11", knobs: { n: 150 } });
  expect(page.cards).toHaveLength(150);
  for (const least of [60, 120, 150]) {
    // A slow machine gets fewer in a slice.
    while (hosts().length < least) {
      const before = hosts().length;
      page.emit("after-scan");
      expect(hosts().length).toBeGreaterThan(before);
    }
  }
  expect(hosts()).toHaveLength(150);
  vi.unstubAllGlobals();
});

test("an open card in which the page draws another paper opens that paper's mark", async () => {
  const { window, page } = start([marks]);
  await drawn();
  const over = () => page.cards[0].element.dispatchEvent(new window.Event("pointerover", { bubbles: true }));
  over();
  expect("open" in hosts()[0].dataset).toBe(true);
  page.snapshot.cards[0] = { ...page.snapshot.cards[0], card: { id: "2601.99999", title: "Another" } };
  page.emit("cards");
  await drawn();
  over();
  expect([hosts()[0].dataset.paper, "open" in hosts()[0].dataset]).toEqual(["2601.99999", true]);
  expect(inMark(0, "[data-action=save] svg")).not.toBe(null);
});
