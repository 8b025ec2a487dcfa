import { expect, test } from "vitest";
import { countEvidence, fitOf, summarizeReasons, itemizeReasons } from "../../../extension/src/ui/reasons.js";
import { listOf, openPage } from "../page-kit.js";

/** @param {any} list @param {object} [marks] */
const pageWith = (list, marks = {}) => ({
  list,
  view: { marks },
  markOf: (paper) => marks[paper] ?? { opened_at: null, saved: false, hidden: false },
  rankingOf: (paper) => list.cards.find(({ id }) => id === paper) ?? null,
});

test("one line names the nearest paper of the reader's, what they did with it, and the words", () => {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const reasons = [
    { kind: "fresh", share: 0.9 },
    { kind: "paper", share: 0.2, paper: "p", title: "Serving", words: ["kv-cache", "paging"] },
  ];
  const saved = pageWith(listOf([]), { p: { opened_at: "x", saved: true } });
  expect(summarizeReasons(saved, reasons)).toBe("Close to “Serving”, which you saved: kv-cache, paging");
  expect(summarizeReasons(pageWith(listOf([]), { p: { opened_at: "x", saved: false } }), reasons)).toBe(
    "Close to “Serving”, which you opened: kv-cache, paging",
  );
  expect(
    summarizeReasons(pageWith(listOf([])), [
      { kind: "popular", share: 0.4 },
      { kind: "fresh", share: 0.1 },
    ]),
  ).toBe("Popular now");
  expect(summarizeReasons(pageWith(listOf([])), [])).toBe("");
});

test("words are named with the paper they are shared with, and a topic only where the paper is on it", () => {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const page = pageWith(listOf([]), { p: { opened_at: "x", saved: true } });
  const other = { kind: "paper", share: 0.1, paper: "q", title: "Robots", words: ["grasping"] };
  const topic = { kind: "interest", share: 0.1, words: ["robots"] };
  expect(summarizeReasons(page, [{ kind: "paper", share: 0.2, paper: "p", title: "Serving" }, other, topic])).toBe(
    "Close to “Serving”, which you saved",
  );
  expect(summarizeReasons(page, [topic, { kind: "words", share: 0.3, words: ["paging"] }])).toBe(
    "On a topic you named: robots",
  );
  expect(
    summarizeReasons(page, [
      { ...topic, share: -0.1 },
      { kind: "words", share: 0.3, words: ["paging"] },
    ]),
  ).toBe("Shares your words: paging");
  expect(
    summarizeReasons(page, [
      { kind: "interest", share: -0.4 },
      { kind: "fresh", share: 0.1 },
    ]),
  ).toBe("New");
});

test("whom the reader follows stands first, by the name they wrote", () => {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const category = { kind: "category", share: 0.5, words: ["cs.LG"] };
  const author = { kind: "author", share: 3, words: ["Ada $1 Lovelace", "Bob Byte"] };
  const page = pageWith(listOf([], { recommended: [{ reasons: [category] }] }));
  const paper = { kind: "paper", share: 4, paper: "p", title: "Serving" };
  expect(summarizeReasons(page, [paper, category, author])).toBe("By an author you follow: Ada $1 Lovelace, Bob Byte");
  expect(summarizeReasons(page, [category])).toBe("In a category you follow: cs.LG");
  expect(itemizeReasons(page, [author, { kind: "organization", share: 1, words: ["Some Lab"] }])).toEqual([
    { line: "By an author you follow: Ada $1 Lovelace, Bob Byte", percent: 75 },
    { line: "From an organisation you follow: Some Lab", percent: 25 },
  ]);
  expect(countEvidence(page)).toBe(3);
});

test("the whole reason has every part with its share, largest first", () => {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const parts = itemizeReasons(pageWith(listOf([])), [
    { kind: "fresh", share: 0.25 },
    { kind: "words", share: 0.75, words: ["a"] },
  ]);
  expect(parts).toEqual([
    { line: "Shares your words: a", percent: 75 },
    { line: "New", percent: 25 },
  ]);
});

test("a fit needs three papers of the reader's, and the best sixth of a page", () => {
  const page = pageWith(listOf(Array.from({ length: 100 }, (_, n) => `p${n}`)));
  expect(countEvidence(page)).toBe(3);
  expect([100, 95, 90, 70, 10].map((rank) => fitOf(page, `p${rank - 1}`, 3))).toEqual([3, 3, 2, 1, 0]);
  expect(fitOf(page, "p99", 2)).toBe(0);
  page.list.cards[99].basis = "fallback";
  expect(fitOf(page, "p99", 3)).toBe(0);
});

test("a typed interest is evidence enough", () => {
  expect(
    countEvidence(
      pageWith(listOf(["p"], { recommended: [{ reasons: [{ kind: "interest", share: 1, words: ["x"] }] }] })),
    ),
  ).toBe(3);
});
