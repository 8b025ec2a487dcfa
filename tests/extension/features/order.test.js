import { afterEach, expect, test, vi } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { listOf, settings, view } from "../page-kit.js";
import { drawn, inMark, inPanel, start, stop } from "./listing-kit.js";

afterEach(stop);

test("For you orders by CSS alone, says so, and gives the page back", async () => {
  const { page, papers, of } = start([marks, panel, order]);
  await drawn();
  const nodes = [...document.querySelectorAll("article")];
  page.tell("ask-order", "foryou");
  expect(page.shown).toEqual([...papers].reverse());
  expect(nodes.map((node) => Number(node.closest("[style*=order]").style.order))).toEqual([7, 6, 5, 4, 3, 2]);
  expect([...document.querySelectorAll("article")]).toEqual(nodes);
  expect(of("settings/set")).toEqual([{ type: "settings/set", order: "foryou" }]);
  await drawn();
  expect(inMark(0, "[data-part=rank]").textContent).toBe("was 1");
  expect(inPanel("[data-action=order]")[0].getAttribute("aria-pressed")).toBe("true");
  page.tell("ask-order", "original");
  expect(document.querySelectorAll("[style*=order]")).toHaveLength(0);
  expect(page.shown).toEqual(papers);
});

test("For you comes by itself only where it was chosen, at once, to a reader who has done nothing", async () => {
  const chosen = (papers) => view({ list: listOf(papers), settings: { ...settings(), order: "foryou" } });
  const { page, papers } = start([order], { view: null });
  page.show(chosen(papers));
  expect(page.turns).not.toBe(null);
  const later = start([order], { view: null });
  later.page.attention.acted = true;
  later.page.show(chosen(later.papers));
  expect(later.page.turns).toBe(null);
  const late = start([order], { view: null });
  vi.spyOn(performance, "now").mockReturnValue(Date.now() + 5000);
  late.page.show(chosen(late.papers));
  expect(late.page.turns).toBe(null);
});

test("cards that come under For you wait at the end for their rank, then get it", async () => {
  const { page, papers } = start([order]);
  page.tell("ask-order", "foryou");
  const [one] = page.reading.cards;
  page.reading.cards[0] = { ...one, card: { id: "2601.99999", title: "New here" } };
  page.tell("cards");
  expect(page.shown.at(-1)).toBe("2601.99999");
  page.show({ ...page.view, list: listOf([...papers.slice(1), "2601.99999"], { list_id: "L2" }) });
  expect(page.shown[0]).toBe("2601.99999");
});

test("another period begins in its own order", async () => {
  const { page } = start([order]);
  page.tell("ask-order", "foryou");
  page.tell("place");
  expect(page.turns).toBe(null);
  expect(document.querySelectorAll("[style*=order]")).toHaveLength(0);
});

test("cards that waited to be drawn in their order are drawn, ordered or not", async () => {
  const waits = () => document.documentElement.dataset.inklingOrder !== undefined;
  const wait = () => (document.documentElement.dataset.inklingOrder = "");
  const { page } = start([order], { view: view() });
  wait();
  page.show(view({ list: listOf(page.cards.map(({ card }) => card.id)), settings: { ...settings(), order: "foryou" } }));
  expect([waits(), page.turns !== null]).toEqual([false, true]);
  wait();
  page.tell("ask-order", "original");
  expect(waits()).toBe(false);
});

test("a list of an earlier visit that lacks cards of today's is not applied on load: its answer is", async () => {
  const chosen = (papers) => view({ list: listOf(papers), settings: { ...settings(), order: "foryou" } });
  const { page, papers } = start([order], { view: null });
  page.show(chosen(papers.slice(1)));
  expect(page.turns).toBe(null);
  page.show(chosen(papers));
  expect(page.shown).toEqual([...papers].reverse());
  // With the server silent there is no answer to wait for.
  const offline = start([order], { view: null });
  offline.page.show({ ...chosen(offline.papers.slice(1)), state: "offline" });
  expect(offline.page.shown.at(-1)).toBe(offline.papers[0]);
});
