import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { openPage } from "../page-kit.js";

const HOST = "https://huggingface.co";
const LISTINGS = { "/papers/date/2026-11-20": 45, "/papers/week/2026-W47": 105, "/papers/month/2026-11": 105, "/papers/trending": 50 };

/** @param {string} path @param {object} [knobs] */
function read(path, knobs) {
  const { dom } = openPage(HOST + path, { knobs });
  const place = huggingface.placeOf(location, document);
  return { dom, place, ...huggingface.read(document, place) };
}

for (const generation of ["2024", "2026"]) {
  for (const [path, count] of Object.entries(LISTINGS)) {
    test(`every card of ${path} is read as ${generation} draws it`, () => {
      const { cards, expected, island } = read(path, { generation });
      expect(cards).toHaveLength(count);
      expect(expected).toBe(new Set(cards.map(({ card }) => card.id)).size);
      expect(cards.every(({ card }) => card.title && card.abstract && card.authors.length && card.published_at)).toBe(true);
      expect(island?.dataset.target).toBe("DailyPapers");
    });

    for (const props of ["missing", "invalid", "renamed"]) {
      test(`titles and ids of ${path} come from its elements when the props are ${props} (${generation})`, () => {
        const { cards, expected } = read(path, { generation, props });
        expect(cards).toHaveLength(count);
        expect(expected).toBe(count);
        expect(cards.every(({ card }) => card.id && card.title)).toBe(true);
      });
    }
  }

  test(`a search reads what was found, not the day's list (${generation})`, () => {
    const { cards, place } = read("/papers?q=attention", { generation });
    expect(place).toMatchObject({ kind: "search", page: "search" });
    expect(cards.length).toBeGreaterThan(20);
    expect(cards.every(({ card }) => /attention/i.test(card.title + card.abstract))).toBe(true);
  });

  test(`the paper page is one card with its whole abstract (${generation})`, () => {
    const { cards, place } = read("/papers/2611.10001", { generation });
    expect(place).toEqual({ site: "huggingface", kind: "paper", page: "paper", paper: "2611.10001" });
    expect(cards).toHaveLength(1);
    expect(cards[0].card.abstract.length).toBeGreaterThan(200);
  });
}

test("a trending article with two layouts is one card, and its abstract is not the machine's summary", () => {
  const { cards } = read("/papers/trending");
  expect(document.querySelectorAll("article h3").length).toBe(100);
  expect(new Set(cards.map(({ element }) => element)).size).toBe(50);
  expect(cards.some(({ card }) => card.abstract.startsWith("A short machine-written"))).toBe(false);
});

test("the hard cases: a newline in a title, no votes, a four-digit and an old-style id, a hidden author", () => {
  const cards = read("/papers/week/2026-W47").cards.map(({ card }) => card);
  expect(cards.every(({ title }) => !/[\n\r]|\s{2}/.test(title))).toBe(true);
  expect(cards.map(({ id }) => id)).toEqual(expect.arrayContaining(["1412.6980"]));
  expect(cards.some(({ id }) => /^[a-z-]+\/\d{7}$/.test(id))).toBe(true);
  const hidden = JSON.parse(document.querySelector('[data-target="DailyPapers"]').dataset.props)
    .dailyPapers.flatMap(({ paper }) => paper.authors.filter((author) => author.hidden).map(({ name }) => ({ id: paper.id, name })));
  expect(hidden.length).toBeGreaterThan(0);
  for (const { id, name } of hidden) expect(cards.find((card) => card.id === id).authors).not.toContain(name);
});

test("without props, a card that shows '-' has no number of upvotes", () => {
  const { cards } = read("/papers/trending", { props: "missing" });
  const dash = cards.filter(({ element }) => /Upvote\s*-/.test(element.textContent));
  expect(dash.length).toBeGreaterThan(0);
  expect(dash.every(({ card }) => card.upvotes === null)).toBe(true);
});

test("a paper shown twice is two cards of one paper", () => {
  const { cards, expected } = read("/papers/trending", { twice: "1" });
  expect(cards).toHaveLength(51);
  expect(expected).toBe(50);
});

test("cards replaced by a period tab are read although the props are still the old ones", () => {
  const { dom } = read("/papers/date/2026-11-20");
  const other = openPage(`${HOST}/papers/date/2026-11-19`).dom.window.document.querySelector("article");
  const list = dom.window.document.querySelector("article").parentElement;
  list.replaceChildren(list.ownerDocument.importNode(other, true));
  openPage(`${HOST}/papers/date/2026-11-19`, { html: dom.serialize() });
  const reading = huggingface.read(document, huggingface.placeOf(location, document));
  expect(reading.cards).toHaveLength(1);
  expect(reading.expected).toBe(1);
  expect(reading.cards[0].card.title).toBeTruthy();
});

test("the page's own name is a kind and a date, never a query", () => {
  const name = (path) => {
    openPage(HOST + path, { html: "<body></body>" });
    return huggingface.placeOf(location, document)?.page ?? null;
  };
  expect(name("/papers/date/2026-11-20")).toBe("daily/2026-11-20");
  expect(name("/papers/week/2026-W47")).toBe("weekly/2026-W47");
  expect(name("/papers/month/2026-11")).toBe("monthly/2026-11");
  expect(name("/papers/trending?q=secret")).toBe("search");
  expect(name("/papers?date=2024-08-01")).toBe("daily/2024-08-01");
  expect(name("/papers?date=javascript")).toBe("daily");
  expect(name("/papers/submit")).toBe(null);
  expect(name("/models")).toBe(null);
});

test("/demo counts only on a loopback address", () => {
  const place = (url) => {
    openPage(url, { html: "<body></body>" });
    return huggingface.placeOf(location, document);
  };
  expect(place("http://127.0.0.1:8765/demo")).toMatchObject({ site: "demo", kind: "daily" });
  expect(place("https://huggingface.co/demo")).toBe(null);
});

test("a page whose cards lost their links expects what its props hold", () => {
  const { dom } = read("/papers/date/2026-11-20");
  const { document: page } = dom.window;
  for (const link of page.querySelectorAll("article a")) link.removeAttribute("href");
  const reading = huggingface.read(page, huggingface.placeOf(location, page));
  expect(reading.cards).toHaveLength(0);
  expect(reading.expected).toBe(45);
});

test("the panel's place is outside every island", () => {
  const { before, outside } = read("/papers/date/2026-11-20");
  expect(outside).toBe(true);
  expect(before.parentElement.closest("[data-target]")).toBe(null);
});

test("only a logged-in reader's upvote is a box", () => {
  read("/papers/date/2026-11-20");
  expect(huggingface.upvoteOf(document.querySelector('article a[href^="/login"] *'))).toBe(null);
  read("/papers/date/2026-11-20", { login: "1" });
  expect(huggingface.upvoteOf(document.querySelector("article label svg"))?.type).toBe("checkbox");
});

test("a recommended paper's address is never anything but http", () => {
  const here = { site: "huggingface" };
  expect(huggingface.addressOf({ id: "2401.00001", url: "javascript:alert(1)" }, here)).toBe("https://huggingface.co/papers/2401.00001");
  expect(huggingface.addressOf({ id: "2401.00001", url: "https://arxiv.org/abs/2401.00001" }, here)).toBe("https://arxiv.org/abs/2401.00001");
});

const REAL = new URL("../../../../shared/data/listing/", import.meta.url);

for (const day of ["mar-12", "mar-14"]) {
  for (const props of ["ok", "missing"]) {
    test.skipIf(!existsSync(REAL))(`the real cards of ${day} are read whole, from props ${props}`, () => {
      const { cards } = JSON.parse(readFileSync(new URL(`${day}.json`, REAL)));
      openPage(`${HOST}/papers?q=model`, { knobs: { props }, cards: { "*": cards } });
      const reading = huggingface.read(document, huggingface.placeOf(location, document));
      const squeezed = (text) => text.replace(/\s+/g, "");
      expect(reading.cards.map(({ card }) => [card.id, squeezed(card.title), squeezed(card.abstract)])).toEqual(
        cards.map(({ id, title, abstract }) => [id, squeezed(title), squeezed(abstract)]),
      );
    });
  }
}

test("a page that is being taken down has nothing to read, and that is no error", () => {
  openPage(`${HOST}/papers`, { html: "<p></p>" });
  const place = huggingface.placeOf(location, document);
  document.body.remove();
  expect(huggingface.read(document, place).cards).toEqual([]);
});
