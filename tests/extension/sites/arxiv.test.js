import { describe, expect, test } from "vitest";
import { arxiv } from "../../../extension/src/sites/arxiv.js";
import { openPage } from "../page-kit.js";

/** @param {string} path @param {object} [knobs] */
function read(path, knobs) {
  openPage(`https://arxiv.org${path}`, { knobs });
  const place = arxiv.placeOf(location);
  return { place, ...arxiv.parse(document, place) };
}

for (const [path, count, groups] of [
  ["/list/cs.LG/new", 20, 3],
  ["/list/cs.LG/recent", 25, 2],
  ["/list/cs.LG/pastweek", 25, 2],
  ["/catchup/cs.LG/2026-11-19?abs=True", 18, 2],
  ["/catchup/cs.LG/2026-11-19", 18, 2],
  ["/search/?query=x", 25, 1],
]) {
  test(`every paper of ${path} is read`, () => {
    const { cards, expected } = read(path);
    expect(cards).toHaveLength(count);
    expect(expected).toBe(count);
    expect(cards.every(({ card }) => card.title && !card.title.startsWith("Title") && card.authors.length)).toBe(true);
    expect(new Set(cards.map(({ group }) => group)).size).toBe(groups);
  });
}

for (const [path, end] of [
  ["/list/cs.LG/new", "#dlpage"],
  ["/list/cs.LG/recent", "#dlpage"],
  ["/search/?query=x", "main > .content"],
]) {
  test(`${path} without a paper is right as it is, and the panel goes to the end of its column`, () => {
    const reading = read(path, { empty: "1" });
    expect([reading.cards.length, reading.expected, reading.before]).toEqual([0, 0, null]);
    expect(reading.end.matches(end)).toBe(true);
    expect(reading.column).toBe(reading.end);
  });
}

test.each(["/list/cs.LG/new", "/list/cs.LG/recent"])("read in pieces or at once, %s says the same", (path) => {
  const atOnce = read(path).cards.map(({ card, group }) => ({ ...card, group }));
  openPage(`https://arxiv.org${path}`);
  const place = arxiv.placeOf(location);
  const pieces = arxiv.unread(document, place);
  expect(pieces).toHaveLength(atOnce.length);
  for (const piece of pieces) piece();
  expect(arxiv.unread(document, place)).toHaveLength(0);
  expect(arxiv.parse(document, place).cards.map(({ card, group }) => ({ ...card, group }))).toEqual(atOnce);
});

test("an entry in which the page writes another paper is that paper, title and all", () => {
  const { cards, place } = read("/list/cs.LG/new");
  const [{ item, element }, other] = cards;
  item.innerHTML = other.item.innerHTML;
  element.innerHTML = other.element.innerHTML;
  expect(arxiv.parse(document, place).cards[0].card).toEqual(other.card);
});

test("a list of new papers has abstracts, a recent one none", () => {
  expect(read("/list/cs.LG/new").cards.every(({ card }) => card.abstract.length > 100)).toBe(true);
  expect(read("/list/cs.LG/recent").cards.every(({ card }) => card.abstract === "")).toBe(true);
  expect(read("/catchup/cs.LG/2026-11-19?abs=True").cards.every(({ card }) => card.abstract.length > 100)).toBe(true);
  expect(read("/catchup/cs.LG/2026-11-19").cards.every(({ card }) => card.abstract === "")).toBe(true);
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
  const { cards } = arxiv.parse(document, arxiv.placeOf(location));
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
  expect(kind("/catchup/cs.LG/2026-11-19?abs=True&page=2")).toBe("list");
  expect(kind("/catchup/math/2026-11-19")).toBe("list");
  expect(kind("/list/cs/2611")).toBe("list");
  expect(kind("/list/hep-th/2026-11?skip=0&show=2000")).toBe("list");
  expect(kind("/catchup")).toBe(null);
  expect(kind("/catchup?subject=cs.LG")).toBe(null);
  expect(kind("/pdf/2611.10001")).toBe(null);
  expect(kind("/")).toBe(null);
});

test("a long list is read in full, but only the first 250 of them whole", () => {
  const entry = (
    n,
  ) => `<dt><a href="/abs/2611.${10000 + n}" title="Abstract">arXiv:2611.${10000 + n}</a></dt><dd><div class="meta">
    <div class="list-title">Paper ${n}</div><div class="list-authors"><a>Ada ${n}</a></div></div></dd>`;
  openPage("https://arxiv.org/list/cs.LG/recent?show=2000", {
    html: `<dl id="articles">${Array.from({ length: 300 }, (_, n) => entry(n)).join("")}</dl>`,
  });
  const { cards, expected } = arxiv.parse(document, arxiv.placeOf(location));
  expect(cards).toHaveLength(300);
  expect(expected).toBe(300);
  expect(cards[249].card.authors).toEqual(["Ada 249"]);
  expect(cards[250].card).toEqual({ id: "2611.10250", title: "Paper 250" });
});

test("the site's other name is the same site", () => {
  for (const [path, kind] of [
    ["/list/cs.LG/new", "list"],
    ["/abs/2611.10001", "abs"],
    ["/search/?query=x", "search"],
    ["/catchup/cs.LG/2026-11-19", "list"],
  ]) {
    openPage(`https://www.arxiv.org${path}`);
    const place = arxiv.placeOf(location);
    expect(place.kind).toBe(kind);
    const { cards, expected } = arxiv.parse(document, place);
    expect(cards.length).toBe(expected);
  }
});

describe("only what a listing lists is expected", () => {
  const linked = (id) =>
    `<a href="https://arxiv.org/abs/${id}" data-arxiv-id="${id}" class="link-https">arXiv:${id}</a>`;
  const entry = (
    n,
    { comment = "", abstract = "An abstract." } = {},
  ) => `<dt><a name='item${n}'>[${n}]</a> <a href ="/abs/2606.0000${n}" title="Abstract" id="2606.0000${n}">arXiv:2606.0000${n}</a> (replaced) [<a href="/pdf/2606.0000${n}">pdf</a>]</dt>
    <dd><div class='meta'><div class='list-title mathjax'><span class='descriptor'>Title:</span> Paper ${n}</div><div class='list-authors'><a href="#">Ann Example</a></div><div class='list-comments mathjax'><span class='descriptor'>Comments:</span> ${comment}</div><p class='mathjax'>${abstract}</p></div></dd>`;
  const listOf = (more) =>
    `<main><div id='dlpage'><h1>Invented Science</h1><dl id='articles'><h3>New submissions</h3>${[1, 2, 3].map((n) => entry(n, more(n))).join("")}</dl></div></main>`;
  const counts = (path, html) => {
    openPage(`https://arxiv.org${path}`, { html });
    const { cards, expected } = arxiv.parse(document, arxiv.placeOf(location));
    return [cards.length, expected];
  };

  test.each([
    ["one comment links a paper", (n) => (n === 1 ? { comment: `text overlap with ${linked("1901.00001")}` } : {})],
    ["a comment is a link and nothing else", (n) => ({ comment: linked(`1901.0000${n}`) })],
    ["every abstract begins with a link", (n) => ({ abstract: `${linked(`1902.0000${n}`)} left a question open.` })],
    [
      "comments and abstracts link many",
      (n) => ({
        comment: [1, 2, 3, 4].map((m) => linked(`190${n}.0000${m}`)).join(", "),
        abstract: linked(`1801.0000${n}`),
      }),
    ],
  ])("%s", (_, more) => {
    expect(counts("/list/cs.XX/new", listOf(more))).toEqual([3, 3]);
    expect(counts("/catchup/cs.XX/2026-06-01", listOf(more))).toEqual([3, 3]);
  });

  test("a search result's comment and abstract name no results", () => {
    const result = (
      n,
    ) => `<li class="arxiv-result"><div><p class="list-title"><a href="https://arxiv.org/abs/2606.0000${n}">arXiv:2606.0000${n}</a></p></div><p class="title is-5">Paper ${n}</p>
      <p class="abstract"><span class="abstract-full">${linked(`1902.0000${n}`)} left a question open.</span></p><p class="comments">${linked(`1901.0000${n}`)}</p></li>`;
    expect(
      counts("/search/?query=x", `<main><div id="content"><ol>${[1, 2, 3].map(result).join("")}</ol></div></main>`),
    ).toEqual([3, 3]);
  });

  test("entries whose titles are not where they were are still expected", () => {
    const html = listOf(() => ({ comment: linked("1901.00001") }));
    expect(counts("/list/cs.XX/new", html.replaceAll("list-title", "list-name"))).toEqual([0, 3]);
    // No definition list any more, but lines that begin with a number and an id.
    expect(
      counts(
        "/list/cs.XX/new",
        html.replaceAll(/<(\/?)(?:dl|dt)\b/g, "<$1div").replaceAll(/<(\/?)dd\b/g, "<$1section"),
      ),
    ).toEqual([0, 3]);
  });

  test("an error at a paper's address is nothing to read", () => {
    for (const error of ["", "soft"]) {
      openPage("https://arxiv.org/abs/2606.99999", { knobs: { error } });
      expect(arxiv.parse(document, arxiv.placeOf(location))).toBe(null);
    }
    const bare = ["<h1>Invented Science</h1><h1>Article 2606.99999 not found</h1>", "<h1>Access denied</h1>", ""];
    for (const html of bare) {
      openPage("https://arxiv.org/abs/2606.99999", {
        html: `<main><div id='content'><div id='dlpage'>${html}</div></div></main>`,
      });
      expect(arxiv.parse(document, arxiv.placeOf(location))).toBe(null);
    }
    openPage("https://arxiv.org/list/cs.LG/new", { html: "<body><h1>Please wait</h1><script>1</script></body>" });
    expect(arxiv.parse(document, arxiv.placeOf(location))).toBe(null);
  });

  test("a paper's page that lost its title is expected, and not found", () => {
    openPage("https://arxiv.org/abs/2606.00001", {
      html: "<div id='abs'><blockquote class='abstract'>We study.</blockquote></div>",
    });
    expect(arxiv.parse(document, arxiv.placeOf(location))).toMatchObject({ cards: [], expected: 1 });
  });
});

test("what a long list of authors ends with is nobody's name, and a shortened abstract is none", () => {
  openPage("https://arxiv.org/search/?query=x", {
    html: `<ol><li class="arxiv-result"><p class="list-title"><a href="https://arxiv.org/abs/2606.00001">arXiv:2606.00001</a></p><p class="title">One</p>
      <p class="authors"><a>Ann Example</a>, <a href="#">et al. (65 additional authors not shown)</a></p><p class="abstract"><span class="abstract-short">… We study … More</span></p></li></ol>`,
  });
  const [{ card }] = arxiv.parse(document, arxiv.placeOf(location)).cards;
  expect(card).toMatchObject({ authors: ["Ann Example"], abstract: "" });
});
