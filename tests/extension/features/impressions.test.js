import { afterEach, expect, test, vi } from "vitest";
import { impressions } from "../../../extension/src/features/impressions.js";
import { panel } from "../../../extension/src/features/panel.js";
import { listOf, pass } from "../page-kit.js";
import { inPanel, start, stop } from "./listing-kit.js";

afterEach(stop);

test("half a card in view for a second is one impression, with its list and place", async () => {
  vi.useFakeTimers();
  const { of, papers } = start([impressions]);
  await Promise.resolve();
  const [watcher] = IntersectionObserver.all;
  const [first, second] = [...watcher.watched];
  const see = (target, intersectionRatio) =>
    watcher.call([{ target, intersectionRatio, isIntersecting: true, intersectionRect: { height: 10 } }]);
  see(first, 0.6);
  see(second, 0.3);
  await vi.advanceTimersByTimeAsync(500);
  see(second, 0.8);
  await vi.advanceTimersByTimeAsync(600);
  expect(of("event/log").map(({ event }) => event)).toEqual([
    expect.objectContaining({ kind: "impression", paper: papers[0], list_id: "L1", position: 1 }),
  ]);
  see(second, 0.1);
  await vi.advanceTimersByTimeAsync(2000);
  see(first, 0.9);
  await vi.advanceTimersByTimeAsync(2000);
  expect(of("event/log")).toHaveLength(1);
  vi.useRealTimers();
});

test("papers that the panel draws of the first view are watched without another view", async () => {
  start([impressions, panel]);
  await pass();
  const watched = IntersectionObserver.all.flatMap((one) => [...one.watched]);
  expect(inPanel("[data-paper]").map((paper) => watched.includes(paper))).toEqual([true, true, true, true, true]);
});

test("a list that comes anew shows nobody once more; another page does", async () => {
  vi.useFakeTimers();
  const { of, page, papers } = start([impressions]);
  await Promise.resolve();
  const [watcher] = IntersectionObserver.all;
  const see = async () => {
    const [first] = [...watcher.watched];
    watcher.call([{ target: first, intersectionRatio: 1, isIntersecting: true, intersectionRect: { height: 10 } }]);
    await vi.advanceTimersByTimeAsync(1100);
  };
  await see();
  page.show({ ...page.view, list: listOf(papers, { list_id: "L2" }) });
  await Promise.resolve();
  await see();
  expect(of("event/log").map(({ event }) => event.list_id)).toEqual(["L1"]);
  page.emit("place");
  page.show({ ...page.view, list: listOf(papers, { list_id: "L3" }) });
  await Promise.resolve();
  await see();
  expect(of("event/log").map(({ event }) => event.list_id)).toEqual(["L1", "L3"]);
  vi.useRealTimers();
});

test("cards that the page draws anew twenty times are watched once, and those that are gone no more", async () => {
  const { page } = start([impressions, panel]);
  await pass();
  const [cards, ofPanel] = IntersectionObserver.all;
  for (let time = 0; time < 20; time += 1) {
    const elements = page.cards.map(({ element }) => element);
    for (const element of elements) element.replaceWith(element.cloneNode(true));
    page.snapshot = page.site.parse(document, page.place);
    page.emit("cards");
    const recommended = [...page.list.recommended].reverse();
    page.show({ ...page.view, list: { ...page.list, recommended } });
    await pass();
  }
  expect([...cards.watched]).toEqual(page.cards.map(({ element }) => element));
  expect([...ofPanel.watched]).toEqual(inPanel("[data-paper][data-position]"));
  expect(IntersectionObserver.all).toHaveLength(2);
});

test("an element in which the page draws another paper is seen as that paper", async () => {
  vi.useFakeTimers();
  const { of, page } = start([impressions]);
  await Promise.resolve();
  const [watcher] = IntersectionObserver.all;
  const [first] = [...watcher.watched];
  const see = () =>
    watcher.call([{ target: first, intersectionRatio: 1, isIntersecting: true, intersectionRect: { height: 10 } }]);
  see();
  await vi.advanceTimersByTimeAsync(500);
  const other = { ...page.cards[0], card: { id: "2611.99999", title: "Another" } };
  page.snapshot = { ...page.snapshot, cards: [other, ...page.cards.slice(1)] };
  page.emit("cards");
  await vi.advanceTimersByTimeAsync(700);
  expect(of("event/log")).toEqual([]);
  see();
  await vi.advanceTimersByTimeAsync(1100);
  expect(of("event/log").map(({ event }) => event.paper)).toEqual(["2611.99999"]);
  vi.useRealTimers();
});

test("a card of the page that is being left counts nothing for the next", async () => {
  vi.useFakeTimers();
  const { of, page } = start([impressions]);
  await Promise.resolve();
  const [watcher] = IntersectionObserver.all;
  const [target] = [...watcher.watched];
  watcher.call([{ target, intersectionRatio: 1, isIntersecting: true, intersectionRect: { height: 10 } }]);
  await vi.advanceTimersByTimeAsync(900);
  page.place = { ...page.place, page: "daily/2026-11-19" };
  page.emit("place");
  await vi.advanceTimersByTimeAsync(1000);
  expect(of("event/log")).toEqual([]);
  vi.useRealTimers();
});

test("until the next page has its list, the panel's papers are not counted again for the old one", async () => {
  vi.useFakeTimers();
  const { of, page } = start([impressions, panel]);
  await vi.advanceTimersByTimeAsync(10);
  const see = async () => {
    for (const { watched, call } of IntersectionObserver.all)
      for (const target of [...watched].filter((one) => one.matches("[data-position]")))
        call([{ target, intersectionRatio: 1, isIntersecting: true, intersectionRect: { height: 10 } }]);
    await vi.advanceTimersByTimeAsync(1100);
  };
  await see();
  const count = of("event/log").length;
  expect(count).toBe(inPanel("[data-paper][data-position]").length);
  page.emit("place");
  page.emit("cards");
  await vi.advanceTimersByTimeAsync(10);
  await see();
  expect(of("event/log")).toHaveLength(count);
  vi.useRealTimers();
});
