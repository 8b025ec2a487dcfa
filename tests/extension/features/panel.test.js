import { afterEach, expect, test } from "vitest";
import { panel } from "../../../extension/src/features/panel.js";
import { arxiv } from "../../../extension/src/sites/arxiv.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { clickByHand, listOf, pass, settings, view } from "../page-kit.js";
import { drawn, inPanel, keeping, start, stop } from "./listing-kit.js";

afterEach(stop);

test("the panel shows five papers with reasons, then more", async () => {
  const answer = ({ type }) =>
    type === "recommendations/more" ? { ok: true, list: listOf([], { list_id: "L2" }) } : undefined;
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
  // In the place of the papers: those may come while the reader reads what is below, and must not push it down.
  page.show(view({ state: "offline", message: "No answer." }));
  expect([inPanel(".rest")[0].hidden, inPanel(".rest p")[0].textContent, inPanel(".plain")[0].textContent]).toEqual([
    false,
    "No answer.",
    "",
  ]);
  page.show(view({ list: listOf([], { recommended: [] }) }));
  expect(inPanel(".rest p")[0].textContent).toMatch(/Nothing new/);
});

test.each([
  [
    "https://huggingface.co/papers/date/2026-07-04",
    huggingface,
    (host) => host.nextElementSibling.dataset.target === "DailyPapers",
  ],
  [
    "https://huggingface.co/papers?q=nothing",
    huggingface,
    (host) => host.nextElementSibling.dataset.target === "DailyPapers",
  ],
  [
    "https://arxiv.org/list/cs.LG/new",
    arxiv,
    (host) => host.parentElement.id === "dlpage" && host.previousElementSibling.textContent === "No updates today.",
  ],
  [
    "https://arxiv.org/search/?query=nothing",
    arxiv,
    (host) => host.parentElement.matches("main > .content") && !host.nextElementSibling,
  ],
])(
  "%s, which lists nothing, has recommendations at the usual place, and nothing waits",
  async (url, site, isAtPlace) => {
    const { page } = start([panel], { url, site, knobs: { empty: "1" } });
    await pass();
    expect(page.cards).toHaveLength(0);
    const host = document.querySelector("[data-inkling=panel]");
    expect(isAtPlace(host)).toBe(true);
    expect([inPanel("[data-paper]").length, inPanel(".wait").length]).toEqual([5, 0]);
    page.emit("after-scan");
    expect(document.querySelectorAll("[data-inkling=panel]")).toHaveLength(1);
  },
);

test("server text is text", async () => {
  const list = listOf([]);
  list.recommended[0].paper.title = "<img src=x onerror=alert(1)>";
  start([panel], { view: view({ list }) });
  await drawn();
  expect(inPanel("img")).toHaveLength(0);
  expect(inPanel("a.title")[0].textContent).toBe("<img src=x onerror=alert(1)>");
});

test("another list does not swap papers under the reader's hands, and the old papers cite their own list", async () => {
  const { window, page, of, papers } = start([panel]);
  await pass();
  inPanel("[data-action=save]")[0].focus();
  const other = listOf(papers, { list_id: "L2" });
  other.recommended = other.recommended.slice(2);
  page.show({ ...page.view, list: other });
  expect(inPanel("[data-paper]")[0].dataset.paper).toBe("2502.00001");
  clickByHand(window, inPanel("[data-action=save]")[0]);
  await pass();
  expect(of("event/log")[0].event).toMatchObject({ paper: "2502.00001", surface: "panel", position: 1, list_id: "L1" });
  window.document.querySelector("[data-inkling=panel]").shadowRoot.activeElement.blur();
  page.emit("view");
  expect(inPanel("[data-paper]")[0].dataset.paper).toBe("2502.00003");
});

test("a hidden recommendation leaves its place with a way back", async () => {
  const { window, of } = start([panel], { answer: keeping });
  await pass();
  clickByHand(window, inPanel("[data-action=hide]")[0]);
  await pass();
  const [first] = inPanel("[data-paper]");
  expect(first.querySelector(".body").hidden).toBe(true);
  expect(first.querySelector("[data-action=undo]").hidden).toBe(false);
  clickByHand(window, first.querySelector("[data-action=undo]"));
  await pass();
  expect(of("event/undo")).toHaveLength(1);
});

test("folding is remembered, and a folded panel stays folded", async () => {
  const { window, of } = start([panel], {
    view: view({ list: listOf([]), settings: { ...settings(), panel_collapsed: true } }),
  });
  await pass();
  expect(inPanel("ol")[0].hidden).toBe(true);
  clickByHand(window, inPanel("[data-action=fold]")[0]);
  expect(of("settings/set")).toEqual([{ type: "settings/set", panel_collapsed: false }]);
  expect(inPanel("ol")[0].hidden).toBe(false);
});

test("with the server silent the last list stays, with its age", async () => {
  const list = listOf([], { stale: true, fetched_at: Date.now() - 3 * 3_600_000 });
  start([panel], { view: view({ state: "offline", list, message: "No answer." }) });
  await pass();
  expect(inPanel(".plain")[0].textContent).toMatch(/3 hr\. ago/);
  expect(inPanel("[data-paper]")).toHaveLength(5);
});

test("a paper that a later answer brought cites that answer", async () => {
  const list = listOf([]);
  Object.assign(list.recommended[1], { list_id: "L-more" });
  start([panel], { view: view({ list }) });
  await pass();
  expect(
    inPanel("[data-paper]")
      .slice(0, 2)
      .map((one) => one.dataset.list),
  ).toEqual([list.list_id, "L-more"]);
});

test("the panel is put back where the page threw it out", async () => {
  const { page } = start([panel]);
  await pass();
  document.querySelector("[data-inkling=panel]").remove();
  page.emit("after-scan");
  expect(document.querySelectorAll("[data-inkling=panel]")).toHaveLength(1);
});

test("more asks the server one step ahead, and ends where it knows no more", async () => {
  const long = (many) => {
    const [one] = listOf([]).recommended;
    return listOf([], {
      recommended: Array.from({ length: many }, (_, at) => ({
        ...one,
        paper: { ...one.paper, id: `2507.000${10 + at}` },
      })),
    });
  };
  let known = 20;
  const answer = ({ type }) =>
    type === "recommendations/more" ? { ok: true, list: long((known = Math.min(known + 20, 30))) } : undefined;
  const { window, of, page } = start([panel], { view: view({ list: long(20) }), answer });
  await pass();
  const counts = [];
  while (!inPanel(".next")[0].hidden && counts.length < 9) {
    clickByHand(window, inPanel("[data-action=more]")[0]);
    await pass(10);
    counts.push([inPanel("[data-paper]").length, of("recommendations/more").length]);
  }
  expect(counts).toEqual([
    [10, 0],
    [15, 0],
    [20, 1],
    [25, 1],
    [30, 2],
  ]);
  // Another list begins anew.
  page.show(view({ list: listOf([], { list_id: "L3" }) }));
  document.querySelector("[data-inkling=panel]").shadowRoot.activeElement?.blur();
  page.emit("view");
  expect([inPanel("[data-paper]").length, inPanel(".next")[0].hidden]).toEqual([5, false]);
});

test("a page that could not be ranked says why, and does not wait for ever", async () => {
  start([panel], { view: view({ message: "The server asks to be left alone for a moment." }) });
  await pass();
  expect([inPanel(".wait").length, inPanel(".rest p")[0].textContent]).toEqual([
    0,
    "The server asks to be left alone for a moment.",
  ]);
});

test("why the list is old is said before its age", async () => {
  const list = listOf([], { stale: true, fetched_at: Date.now() - 3 * 3_600_000 });
  start([panel], {
    view: view({ state: "offline", list, message: "This extension is too old for the server: update it." }),
  });
  await pass();
  expect(inPanel(".plain")[0].textContent).toBe(
    "This extension is too old for the server: update it. List from 3 hr. ago.",
  );
});

test("what was hidden on an earlier visit can be taken back in the panel", async () => {
  const list = listOf([]);
  const [{ paper }] = list.recommended;
  const { window, of } = start([panel], {
    view: view({ list, marks: { [paper.id]: { opened_at: null, saved: false, hidden: true } } }),
  });
  await pass();
  clickByHand(window, inPanel("[data-action=undo]")[0]);
  await pass();
  expect(of("event/log")[0].event).toMatchObject({ kind: "unhide", paper: paper.id });
});
