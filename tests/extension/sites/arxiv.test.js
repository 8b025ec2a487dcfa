import { expect, test } from "vitest";
import { arxiv } from "../../../extension/src/sites/arxiv.js";
import { openPage } from "../page-kit.js";

/** @param {string} path */
function read(path) {
  openPage(`https://arxiv.org${path}`);
  const place = arxiv.placeOf(location);
  return { place, ...arxiv.read(document, place) };
}

for (const [path, count, groups] of [["/list/cs.LG/new", 20, 3], ["/list/cs.LG/recent", 25, 2], ["/list/cs.LG/pastweek", 25, 2], ["/search/?query=x", 25, 1]]) {
  test(`every paper of ${path} is read`, () => {
    const { cards, expected } = read(path);
    expect(cards).toHaveLength(count);
    expect(expected).toBe(count);
    expect(cards.every(({ card }) => card.title && !card.title.startsWith("Title") && card.authors.length)).toBe(true);
    expect(new Set(cards.map(({ group }) => group)).size).toBe(groups);
  });
}

test("a list of new papers has abstracts, a recent one none", () => {
  expect(read("/list/cs.LG/new").cards.every(({ card }) => card.abstract.length > 100)).toBe(true);
  expect(read("/list/cs.LG/recent").cards.every(({ card }) => card.abstract === "")).toBe(true);
});

test("a search result has its whole abstract, without the button's word", () => {
  const { card } = read("/search/?query=x").cards[0];
  expect(card.abstract).toMatch(/^We study/);
  expect(card.abstract).not.toMatch(/Less|More|…/);
  expect(card.categories).toEqual(["cs.LG"]);
});

test("an abstract page is one card, its names in reading order", () => {
  const { cards, place } = read("/abs/2611.10001");
  expect(place).toEqual({ site: "arxiv", kind: "abs", page: "abs", paper: "2611.10001" });
  expect(cards[0].card.authors[0]).not.toContain(",");
  expect(cards[0].card.abstract.length).toBeGreaterThan(100);
});

test("mathematics that was drawn is read as its source", () => {
  openPage("https://arxiv.org/list/cs.LG/new", {
    html: `<dl id='articles'><dt><a href ="/abs/2611.10001v2" title="Abstract">arXiv:2611.10001</a></dt><dd><div class='list-title mathjax'>
      <span class='descriptor'>Title:</span> On <mjx-container class="MathJax">ℓ₂<script type="math/tex">\\ell_2</script></mjx-container> loss</div></dd></dl>`,
  });
  const { cards } = arxiv.read(document, arxiv.placeOf(location));
  expect(cards[0].card).toMatchObject({ id: "2611.10001", title: "On $\\ell_2$ loss" });
});

test("listings, search and abstracts are pages of ours; the rest of the site is not", () => {
  const kind = (path) => {
    openPage(`https://arxiv.org${path}`, { html: "<body></body>" });
    return arxiv.placeOf(location)?.kind ?? null;
  };
  expect(kind("/list/cs.LG/recent?skip=25")).toBe("list");
  expect(kind("/search/advanced?q=secret")).toBe("search");
  expect(kind("/abs/hep-th/9901001v1")).toBe("abs");
  expect(kind("/pdf/2611.10001")).toBe(null);
  expect(kind("/")).toBe(null);
});

test("a long list is read in full, but only the first 250 of them whole", () => {
  const entry = (n) => `<dt><a href="/abs/2611.${10000 + n}" title="Abstract">arXiv:2611.${10000 + n}</a></dt><dd><div class="meta">
    <div class="list-title">Paper ${n}</div><div class="list-authors"><a>Ada ${n}</a></div></div></dd>`;
  openPage("https://arxiv.org/list/cs.LG/recent?show=2000", { html: `<dl id="articles">${Array.from({ length: 300 }, (_, n) => entry(n)).join("")}</dl>` });
  const { cards, expected } = arxiv.read(document, arxiv.placeOf(location));
  expect(cards).toHaveLength(300);
  expect(expected).toBe(300);
  expect(cards[249].card.authors).toEqual(["Ada 249"]);
  expect(cards[250].card).toEqual({ id: "2611.10250", title: "Paper 250" });
});
