import { beforeEach, expect, test, vi } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { paperId } from "../../../extension/src/paper-ids.js";
import { event } from "../browser-kit.js";

let ask, papers, heard;
beforeEach(async () => {
  vi.resetModules();
  papers = await import("../../../extension/src/welcome/sample-papers.js");
  const { sampleBrowser } = await import("../../../extension/src/welcome/sample-worker.js");
  const { runtime } = sampleBrowser({ runtime: { id: "us", getURL: (path) => path }, i18n: {} });
  heard = [];
  runtime.onMessage.addListener((message) => heard.push(message));
  ask = (type, fields) => runtime.sendMessage({ type, ...fields });
});

const list = async () => (await ask(FROM_PAGE.pageView)).view.list;
const save = (paper) => ask(FROM_PAGE.eventLog, { event: event("save", paper) });

test("the sample papers have ids of papers, each once", () => {
  const ids = [...papers.LISTED, ...papers.UNSEEN].map(({ id }) => id);
  expect(ids.map(paperId)).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a save brings what shares its words to the top, with a reason that names it", async () => {
  const diffusion = "2006.11239";
  expect((await list()).recommended[0].paper.id).not.toBe("2112.10752");
  await save(diffusion);
  const [first] = (await list()).recommended;
  expect(first.paper.id).toBe("2112.10752");
  expect(first.reasons[0]).toMatchObject({
    kind: "paper",
    paper: diffusion,
    words: expect.arrayContaining(["diffusion"]),
  });
});

test("a reason names no word that most of the sample papers have", async () => {
  for (const { id } of [...papers.LISTED, ...papers.UNSEEN]) await save(id);
  const { recommended, cards } = await list();
  const named = [...recommended, ...cards].flatMap(({ reasons }) => reasons.flatMap(({ words }) => words ?? []));
  expect(named).toContain("attention");
  for (const word of ["model", "models", "language", "makes"]) expect(named).not.toContain(word);
});

test("shares add up to the score, and ranks follow it", async () => {
  await save("1706.03762");
  const { recommended, cards } = await list();
  for (const { score, reasons } of [...recommended, ...cards])
    expect(reasons.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(score, 10);
  expect(recommended.map(({ rank }) => rank)).toEqual(recommended.map((_, at) => at + 1));
  expect(recommended.map(({ score }) => score)).toEqual(recommended.map(({ score }) => score).sort((a, b) => b - a));
});

test("what is saved or hidden is no longer recommended, and undo brings it back", async () => {
  const hide = event("hide", "2112.10752");
  await ask(FROM_PAGE.eventLog, { event: hide });
  await save("2309.06180");
  const listed = async () => (await list()).recommended.map(({ paper }) => paper.id);
  expect(await listed()).not.toEqual(expect.arrayContaining(["2112.10752"]));
  expect(await listed()).not.toEqual(expect.arrayContaining(["2309.06180"]));
  const { marks } = await ask(FROM_PAGE.eventUndo, { id: hide.id, paper: "2112.10752" });
  expect(marks["2112.10752"].hidden).toBe(false);
  expect(await listed()).toEqual(expect.arrayContaining(["2112.10752"]));
});

test("what only a real worker can do is refused", async () => {
  expect((await ask("me/export")).ok).toBe(false);
});

test("every action has the key here that it has in the listing", async () => {
  const { DEFAULTS } = await import("../../../extension/src/storage.js");
  expect((await ask(FROM_PAGE.pageView)).view.settings.shortcuts).toEqual(DEFAULTS.preferences.shortcuts);
});
