import { afterEach, expect, test, vi } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { listOf, settings, view } from "../page-kit.js";
import { arxiv } from "../../../extension/src/sites/arxiv.js";
import { drawn, inMark, inPanel, start, stop } from "./listing-kit.js";

afterEach(stop);

test("For you orders by CSS alone, says so, and gives the page back", async () => {
  const { page, papers, of } = start([marks, panel, order]);
  await drawn();
  const nodes = [...document.querySelectorAll("article")];
  page.emit("ask-order", "foryou");
  expect(page.orderedPapers).toEqual([...papers].reverse());
  expect(nodes.map((node) => Number(node.closest("[style*=order]").style.order))).toEqual([6, 5, 4, 3, 2, 1]);
  expect([...document.querySelectorAll("article")]).toEqual(nodes);
  expect(of("settings/set")).toEqual([{ type: "settings/set", order: "foryou" }]);
  await drawn();
  expect(inMark(0, "[data-part=rank]").textContent).toBe("was 1");
  expect(inPanel("[data-action=order]")[0].getAttribute("aria-pressed")).toBe("true");
  page.emit("ask-order", "original");
  expect(document.querySelectorAll("[style*=order]")).toHaveLength(0);
  expect(page.orderedPapers).toEqual(papers);
});

test("For you comes by itself only where it was chosen, at once, to a reader who has done nothing", async () => {
  const chosen = (papers) => view({ list: listOf(papers), settings: { ...settings(), order: "foryou" } });
  const { page, papers } = start([order], { view: null });
  page.show(chosen(papers));
  expect(page.sortKeys).not.toBe(null);
  const later = start([order], { view: null });
  later.page.attention.acted = true;
  later.page.show(chosen(later.papers));
  expect(later.page.sortKeys).toBe(null);
  const late = start([order], { view: null });
  vi.spyOn(performance, "now").mockReturnValue(Date.now() + 5000);
  late.page.show(chosen(late.papers));
  expect(late.page.sortKeys).toBe(null);
});

test("cards that come under For you wait at the end for their rank, then get it", async () => {
  const { page, papers } = start([order]);
  page.emit("ask-order", "foryou");
  const [one] = page.snapshot.cards;
  page.snapshot.cards[0] = { ...one, card: { id: "2601.99999", title: "New here" } };
  page.emit("cards");
  expect(page.orderedPapers.at(-1)).toBe("2601.99999");
  page.show({ ...page.view, list: listOf([...papers.slice(1), "2601.99999"], { list_id: "L2" }) });
  expect(page.orderedPapers[0]).toBe("2601.99999");
});

/** The children of a grid as the eye meets them. @param {Element} grid */
const seen = (grid) =>
  [...grid.children]
    .map((child, at) => ({ child, at }))
    .sort((a, b) => a.child.style.order - b.child.style.order || a.at - b.at)
    .map(({ child }) => child);

/** The same children with the cards all called alike: what must be as it was. @param {Element[]} children */
const places = (children) =>
  children.map((child) => (child.matches("article, dt, dd, li.arxiv-result") ? child.nodeName : child.textContent));

const gridOf = () => document.querySelector("article").parentElement;

/**
 * Put a row that is no card before the child with a number, or at the end. @param {number} before @param {string} words
 */
function addRow(before, words) {
  const row = document.createElement("div");
  row.textContent = words;
  gridOf().insertBefore(row, gridOf().children[before] ?? null);
}

test("what stands among the cards and is none keeps its place", () => {
  const { page, papers } = start([order]);
  const own = [...gridOf().children];
  expect(own.at(-1).textContent).toBe("PreviousNext");
  page.emit("ask-order", "foryou");
  expect(seen(gridOf())).toEqual([...own.slice(0, -1).reverse(), own.at(-1)]);
  expect(page.orderedPapers).toEqual([...papers].reverse());
});

test.each([[[0]], [[3]], [[6]], [[0, 0, 2, 5, 99]], [[1, 1, 3, 3]]])("rows at %j keep their place", (rows) => {
  const { page } = start([order]);
  for (const [number, at] of rows.entries()) addRow(at, `row ${number}`);
  page.emit("ask-order", "foryou");
  const before = [...gridOf().children];
  const after = seen(gridOf());
  expect(places(after)).toEqual(places(before));
  const cards = (children) => children.filter((child) => child.matches("article"));
  expect(cards(after)).toEqual(cards(before).reverse());
});

test("a row that the page adds under For you stands where the page put it, and a dropped card leaves no hole", () => {
  const { page } = start([order]);
  page.emit("ask-order", "foryou");
  addRow(99, "More");
  addRow(0, "A ribbon");
  page.emit("after-scan");
  expect(places(seen(gridOf()))).toEqual(places([...gridOf().children]));
  const [, first] = gridOf().children;
  first.remove();
  page.snapshot = huggingface.parse(document, page.place);
  page.emit("cards");
  expect(first.style.order).toBe("");
  expect(places(seen(gridOf()))).toEqual(places([...gridOf().children]));
  page.emit("ask-order", "original");
  expect(document.querySelectorAll("[style]")).toHaveLength(0);
});

test.each(["/list/cs.LG/new", "/list/cs.LG/recent", "/search/?query=x"])(
  "on arXiv's %s headings and entries nobody could read stay where they are",
  (path) => {
    const { page } = start([order], {
      url: `https://arxiv.org${path}`,
      site: arxiv,
      change: () => document.querySelectorAll("dd .list-title, p.title")[4].remove(),
    });
    const grids = [...new Set(page.cards.map(({ item }) => item.parentElement))];
    const before = grids.map((grid) => [...grid.children]);
    page.emit("ask-order", "foryou");
    for (const [at, grid] of grids.entries()) {
      const after = seen(grid);
      expect(after).not.toEqual(before[at]);
      expect(places(after)).toEqual(places(before[at]));
      // The fifth entry has no title: neither it nor what belongs to it has moved.
      if (at === 0)
        expect(
          after.findIndex((one) => !before[at].includes(one) || !page.cards.some(({ items }) => items.includes(one))),
        ).toBe(before[at].findIndex((one) => !page.cards.some(({ items }) => items.includes(one))));
      for (const [number, one] of after.entries())
        if (one.tagName === "DT") expect(after[number + 1]).toBe(one.nextElementSibling);
    }
  },
);

test("what holds several cards at once is not moved for one of them", () => {
  const change = () => {
    const [grid, both] = [gridOf(), document.createElement("div")];
    grid.after(both);
    both.append(grid, grid.cloneNode(false));
    both.lastElementChild.append(...[...grid.children].slice(3, 6));
  };
  const { page } = start([order], { change });
  page.emit("ask-order", "foryou");
  expect(gridOf().style.order).toBe("");
});

test("another period begins in its own order", async () => {
  const { page } = start([order]);
  page.emit("ask-order", "foryou");
  page.emit("place");
  expect(page.sortKeys).toBe(null);
  expect(document.querySelectorAll("[style*=order]")).toHaveLength(0);
});

test("cards that waited to be drawn in their order are drawn, ordered or not", async () => {
  const waits = () => document.documentElement.dataset.inklingOrder !== undefined;
  const wait = () => (document.documentElement.dataset.inklingOrder = "");
  const { page } = start([order], { view: view() });
  wait();
  page.show(
    view({ list: listOf(page.cards.map(({ card }) => card.id)), settings: { ...settings(), order: "foryou" } }),
  );
  expect([waits(), page.sortKeys !== null]).toEqual([false, true]);
  wait();
  page.emit("ask-order", "original");
  expect(waits()).toBe(false);
});

test("a list of an earlier visit that lacks cards of today's is not applied on load: its answer is", async () => {
  const chosen = (papers) => view({ list: listOf(papers), settings: { ...settings(), order: "foryou" } });
  const { page, papers } = start([order], { view: null });
  page.show(chosen(papers.slice(1)));
  expect(page.sortKeys).toBe(null);
  page.show(chosen(papers));
  expect(page.orderedPapers).toEqual([...papers].reverse());
  // With the server silent there is no answer to wait for.
  const offline = start([order], { view: null });
  offline.page.show({ ...chosen(offline.papers.slice(1)), state: "offline" });
  expect(offline.page.orderedPapers.at(-1)).toBe(offline.papers[0]);
});
