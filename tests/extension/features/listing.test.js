import { afterEach, expect, test, vi } from "vitest";
import { impressions } from "../../../extension/src/features/impressions.js";
import { marks } from "../../../extension/src/features/marks.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { shortcuts } from "../../../extension/src/features/shortcuts.js";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { attention, clickByHand, listOf, openPage, pass, pressByHand, settings, view } from "../page-kit.js";

const life = { now: new AbortController() };
afterEach(() => life.now.abort());

/**
 * A listing with the given features running on it.
 * @param {any[]} features
 * @param {{answer?: (message: any) => any, open?: boolean, path?: string, over?: object, view?: object | null}} [options]
 */
function start(features, { answer, open = true, path = "/papers/date/2026-11-20", over, view: first } = {}) {
  const opened = openPage(`https://huggingface.co${path}`, { knobs: { n: 6 }, answer });
  life.now = new AbortController();
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.reading = huggingface.read(document, page.place);
  page.isOpen = open;
  const papers = page.cards.map(({ card }) => card.id);
  page.view = first === undefined ? view({ list: listOf(papers, over) }) : first;
  for (const feature of features) feature.init(page, life.now.signal);
  return { ...opened, page, papers };
}

const hosts = () => [...document.querySelectorAll("[data-inkling=mark]")];
const inMark = (at, selector) => hosts()[at].shadowRoot.querySelector(selector);
const inPanel = (selector) => [...document.querySelector("[data-inkling=panel]").shadowRoot.querySelectorAll(selector)];
/** Settles once marks are no longer being added: a slow machine needs several slices for six. */
async function drawn() {
  for (let before = -1; before !== hosts().length; await pass(60)) before = hosts().length;
}
/** A worker that keeps marks. */
const keeping = (message) =>
  message.type === "event/log" && message.event.kind !== "impression"
    ? { ok: true, marks: { [message.event.paper]: { opened_at: null, saved: message.event.kind === "save", hidden: message.event.kind === "hide" } } }
    : undefined;

test("each card has one mark, in its own corner, and a second drawing adds none", async () => {
  const { page, papers } = start([marks]);
  await drawn();
  page.tell("view");
  page.tell("cards");
  await drawn();
  expect(hosts().map((host) => host.dataset.paper)).toEqual(papers);
  expect(hosts().every((host) => host.parentElement.tagName === "ARTICLE")).toBe(true);
});

test("nothing is put into an island before its gate opens", async () => {
  const { page } = start([marks, panel], { open: false });
  await drawn();
  expect(document.querySelectorAll("[data-target] [data-inkling]")).toHaveLength(0);
  expect(document.querySelectorAll("[data-inkling=panel]")).toHaveLength(1);
  page.isOpen = true;
  page.tell("open");
  await drawn();
  expect(hosts()).toHaveLength(6);
});

test("taken away, the page is as it was, to the last byte", async () => {
  const { dom } = start([]);
  const before = dom.serialize();
  const { page, dom: other } = start([marks, panel, order]);
  await drawn();
  page.tell("ask-order", "foryou");
  await page.act("hide", page.cards[0].card.id, { surface: "card" });
  await drawn();
  expect(other.serialize()).not.toBe(before);
  life.now.abort();
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
  page.show({ ...page.view, marks: { [a]: mark({ opened_at: "x" }), [b]: mark({ opened_at: "x", saved: true }), [c]: mark({ saved: true, hidden: true }) } });
  await drawn();
  expect(hosts().slice(0, 3).map((host) => host.dataset.sign)).toEqual(["seen", "saved", "hidden"]);
});

test("with too little known of the reader no card is called a fit, and the panel says what it is", async () => {
  const fresh = [{ kind: "fresh", share: 1 }];
  const papers = ["2611.10091"];
  const list = listOf(papers);
  const blank = { ...list, model: null, cards: list.cards.map((one) => ({ ...one, reasons: fresh })), recommended: list.recommended.map((one) => ({ ...one, reasons: fresh })) };
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
  expect(of("event/log").map(({ event }) => event)).toEqual([expect.objectContaining({ kind: "save", paper: papers[1], list_id: "L1", position: 2, surface: "card" })]);
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

test("what could not be kept is taken back and said", async () => {
  const answer = ({ type }) => (type === "event/log" ? { ok: false, error: { code: "full", message: "The queue is full." } } : undefined);
  const { window, page } = start([marks, panel], { answer });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await drawn();
  expect(page.mark(page.cards[0].card.id).saved).toBe(false);
  expect(inPanel("[role=status]")[0].textContent).toContain("The queue is full.");
});

test("the panel shows five papers with reasons, then more", async () => {
  const answer = ({ type }) => (type === "recommendations/more" ? { ok: true, list: listOf([], { list_id: "L2" }) } : undefined);
  const { window } = start([panel], { answer });
  await drawn();
  expect(inPanel("[data-paper]")).toHaveLength(5);
  expect(inPanel("[data-paper] [data-part=reason]")[0].textContent).toBe("Close to “Saved 0”: paging");
  expect(inPanel("[data-paper] a[href]")[0].href).toBe("https://huggingface.co/papers/2502.00001");
  clickByHand(window, inPanel("[data-action=more]")[0]);
  await pass(10);
  expect(inPanel("[data-paper]")).toHaveLength(7);
});

test("unpaired, offline and empty are plain sentences", async () => {
  const { page } = start([panel], { view: view({ state: "unpaired" }) });
  await drawn();
  expect(inPanel(".plain")[0].textContent).toMatch(/Connect Inkling/);
  expect(inPanel("[data-action=connect]")[0].hidden).toBe(false);
  page.show(view({ state: "offline", message: "No answer." }));
  expect(inPanel(".plain")[0].textContent).toBe("No answer.");
  page.show(view({ list: listOf([], { recommended: [] }) }));
  expect(inPanel(".plain")[0].textContent).toMatch(/Nothing new/);
});

test("server text is text", async () => {
  const list = listOf([]);
  list.recommended[0].paper.title = "<img src=x onerror=alert(1)>";
  start([panel], { view: view({ list }) });
  await drawn();
  expect(inPanel("img")).toHaveLength(0);
  expect(inPanel("a.title")[0].textContent).toBe("<img src=x onerror=alert(1)>");
});

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

test("keys act on the focused card, and never while the reader types or holds a modifier", async () => {
  const { window, of, papers } = start([marks, order, shortcuts], { answer: keeping });
  await drawn();
  const field = document.querySelector("input[type=search], input:not([type])") ?? document.body.appendChild(document.createElement("input"));
  pressByHand(window, field, "o");
  pressByHand(window, document.body, "o", { ctrlKey: true });
  expect(of("settings/set")).toEqual([]);
  pressByHand(window, document.body, "o");
  expect(of("settings/set")).toHaveLength(1);
  pressByHand(window, document.body, "o");
  document.querySelectorAll("article h3 a")[2].focus();
  pressByHand(window, document.activeElement, "s");
  await drawn();
  expect(of("event/log").map(({ event }) => [event.kind, event.paper])).toEqual([["save", papers[2]]]);
});

test("a key that was taken away or given to something else follows the settings", async () => {
  const { window, of, page } = start([marks, order, shortcuts]);
  await drawn();
  page.view.settings.shortcuts = { order: "", next: "n" };
  pressByHand(window, document.body, "o");
  expect(of("settings/set")).toEqual([]);
  pressByHand(window, document.body, "n");
  expect(document.activeElement).toBe(hosts()[0]);
});

test("half a card in view for a second is one impression, with its list and place", async () => {
  vi.useFakeTimers();
  const { of, papers } = start([impressions]);
  const [watcher] = IntersectionObserver.all;
  const [first, second] = [...watcher.watched];
  const see = (target, intersectionRatio) => watcher.call([{ target, intersectionRatio, isIntersecting: true, intersectionRect: { height: 10 } }]);
  see(first, 0.6);
  see(second, 0.3);
  await vi.advanceTimersByTimeAsync(500);
  see(second, 0.8);
  await vi.advanceTimersByTimeAsync(600);
  expect(of("event/log").map(({ event }) => event)).toEqual([expect.objectContaining({ kind: "impression", paper: papers[0], list_id: "L1", position: 1 })]);
  see(second, 0.1);
  await vi.advanceTimersByTimeAsync(2000);
  see(first, 0.9);
  await vi.advanceTimersByTimeAsync(2000);
  expect(of("event/log")).toHaveLength(1);
  vi.useRealTimers();
});
