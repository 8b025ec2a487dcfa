import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { openPage } from "../page-kit.js";

const HOST = "https://huggingface.co";
const LISTINGS = {
  "/papers/date/2026-11-20": 45,
  "/papers/week/2026-W47": 105,
  "/papers/month/2026-11": 105,
  "/papers/trending": 50,
};

/** @param {string} path @param {object} [knobs] */
function read(path, knobs) {
  const { dom } = openPage(HOST + path, { knobs });
  const place = huggingface.placeOf(location, document);
  return { dom, place, ...huggingface.parse(document, place) };
}

for (const generation of ["2024", "2026"]) {
  for (const [path, count] of Object.entries(LISTINGS)) {
    test(`every card of ${path} is read as ${generation} draws it`, () => {
      const { cards, expected, island } = read(path, { generation });
      expect(cards).toHaveLength(count);
      expect(expected).toBe(new Set(cards.map(({ card }) => card.id)).size);
      expect(cards.every(({ card }) => card.title && card.abstract && card.authors.length && card.published_at)).toBe(
        true,
      );
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
  const hidden = JSON.parse(document.querySelector('[data-target="DailyPapers"]').dataset.props).dailyPapers.flatMap(
    ({ paper }) => paper.authors.filter((author) => author.hidden).map(({ name }) => ({ id: paper.id, name })),
  );
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
  const reading = huggingface.parse(document, huggingface.placeOf(location, document));
  expect(reading.cards).toHaveLength(1);
  expect(reading.expected).toBe(1);
  expect(reading.cards[0].card.title).toBeTruthy();
});

test("read in pieces or at once, a page says the same, and nothing is read twice", () => {
  for (const props of ["ok", "missing", "invalid", "renamed"]) {
    const atOnce = read("/papers/month/2026-11", { props }).cards.map(({ card }) => card);
    openPage(`${HOST}/papers/month/2026-11`, { knobs: { props } });
    const place = huggingface.placeOf(location, document);
    const pieces = huggingface.unread(document, place);
    expect(pieces).toHaveLength(props === "ok" || props === "renamed" ? 105 : 0);
    for (const piece of pieces) piece();
    expect(huggingface.unread(document, place)).toHaveLength(0);
    expect(huggingface.parse(document, place).cards.map(({ card }) => card)).toEqual(atOnce);
  }
});

test("a relative link is read anew at another address", () => {
  const html =
    '<main><div data-target="DailyPapers"><article><h3><a href="2606.00001">One</a></h3></article></div></main>';
  const idsAt = (path) => readOf(path, html).cards.map(({ card }) => card.id);
  expect([idsAt("/papers/"), idsAt("/papers"), idsAt("/papers/")]).toEqual([["2606.00001"], [], ["2606.00001"]]);
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
  const reading = huggingface.parse(page, huggingface.placeOf(location, page));
  expect(reading.cards).toHaveLength(0);
  expect(reading.expected).toBe(45);
});

test.each(["/papers/date/2026-11-20", "/papers/week/2026-W47", "/papers/trending", "/papers?q=nothing"])(
  "%s without a card is right as it is, and the panel's place and width are known",
  (path) => {
    const { cards, expected, before, column, outside } = read(path, { empty: "1" });
    expect([cards.length, expected, outside]).toEqual([0, 0, true]);
    expect(before.dataset.target).toBe("DailyPapers");
    // Not as wide as the ribbon, which goes from edge to edge.
    expect(column.matches("section.container")).toBe(true);
  },
);

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

test("a recommended paper's address is made from its id alone", () => {
  const here = { site: "huggingface" };
  expect(huggingface.addressOf({ id: "2401.00001", url: "javascript:alert(1)" }, here)).toBe(
    "https://huggingface.co/papers/2401.00001",
  );
  expect(huggingface.addressOf({ id: "2401.00001", url: "https://arxiv.org/abs/2401.00001" }, here)).toBe(
    "https://arxiv.org/abs/2401.00001",
  );
});

const REAL = new URL("../../../../shared/data/listing/", import.meta.url);

for (const day of ["mar-12", "mar-14"]) {
  for (const props of ["ok", "missing"]) {
    test.skipIf(!existsSync(REAL))(`the real cards of ${day} are read whole, from props ${props}`, () => {
      const { cards } = JSON.parse(readFileSync(new URL(`${day}.json`, REAL)));
      openPage(`${HOST}/papers?q=model`, { knobs: { props }, cards: { "*": cards } });
      const reading = huggingface.parse(document, huggingface.placeOf(location, document));
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
  expect(huggingface.parse(document, place)).toBe(null);
});

/** @param {string} path @param {string} html */
function readOf(path, html) {
  openPage(HOST + path, { html });
  return huggingface.parse(document, huggingface.placeOf(location, document));
}

describe("a page that is none of the listing's", () => {
  for (const error of ["404", "429", "500", "challenge", "soft"]) {
    for (const path of [
      "/papers/2609.01234",
      "/papers",
      "/papers/date/2026-11-20",
      "/papers/trending",
      "/papers?q=attention",
    ]) {
      test(`${error} at ${path} is nothing to read, whatever its status says`, () => {
        expect(read(path, { error }).cards).toBe(undefined);
      });
    }
  }

  test("an island that is not a paper's makes no page a paper's, whatever its heading and its links say", () => {
    const error = '<h1>Paper 2609.01234</h1><a href="https://arxiv.org/abs/2609.01234">arXiv</a>';
    expect(
      readOf("/papers/2609.01234", `<main><div data-target="ErrorPage" data-props="{}">${error}</div></main>`),
    ).toBe(null);
    expect(readOf("/papers/2609.01234", `<main>${error}</main>`)).toBe(null);
  });

  test("a paper's island under another name is known by its paper", () => {
    const props = JSON.stringify({ paper: { id: "2609.01234", title: "Invented" } }).replaceAll('"', "&quot;");
    const { cards } = readOf(
      "/papers/2609.01234",
      `<div data-target="Renamed" data-props="${props}"><h1>Invented</h1></div>`,
    );
    expect(cards.map(({ card }) => card.title)).toEqual(["Invented"]);
  });

  test("a paper as plain text for machines is no page of ours", () => {
    for (const path of ["/papers/2609.01234.md", "/papers/2611.10001v2.md"]) {
      openPage(HOST + path, { html: "<pre># An invented paper</pre>" });
      expect(huggingface.placeOf(location, document)).toBe(null);
    }
  });
});

describe("only what a listing lists is expected", () => {
  const card = (n, more = "") => `<article><h3><a href="/papers/2606.0000${n}">Paper ${n}</a></h3>${more}</article>`;
  const page = (before, cards) =>
    `<main><div data-target="DailyPapers" data-props="{}"><section>${before}<div class="grid">${cards.join("")}</div></section></div></main>`;
  const spoken = (n) => `<p>As in <a href="/papers/1901.0000${n}">an older paper</a>, we find</p>`;

  test("a paper that a card's text speaks of is no paper of the list", () => {
    const { cards, expected } = readOf(
      "/papers/trending",
      page(
        "",
        [1, 2, 3].map((n) => card(n, spoken(n))),
      ),
    );
    expect([cards.length, expected]).toEqual([3, 3]);
  });

  test("a ribbon above the list names papers of its own", () => {
    const ribbon = [7, 8, 9].map((n) => `<div><a href="/papers/1901.0000${n}"><img src="r.png"></a></div>`).join("");
    const { cards, expected } = readOf(
      "/papers",
      page(
        ribbon,
        [1, 2, 3].map((n) => card(n)),
      ),
    );
    expect([cards.length, expected]).toEqual([3, 3]);
  });

  test("cards beside the known ones are expected too", () => {
    const strange = [4, 5, 6].map((n) => `<div><h4><a href="/papers/2606.0000${n}">Paper ${n}</a></h4></div>`);
    const { cards, expected } = readOf("/papers", page("", [card(1), ...strange, card(2)]));
    expect([cards.length, expected]).toEqual([2, 5]);
  });

  const told = (props) =>
    `<main><div data-target="DailyPapers" data-props="${JSON.stringify(props).replaceAll('"', "&quot;")}"><h1>Daily Papers</h1><div class="grid"></div></div></main>`;
  const dailyPapers = [1, 2, 3].map((n) => ({ paper: { id: `2606.0000${n}`, title: `Paper ${n}` } }));

  test("a search that found nothing lists nothing, though the props hold the day's papers", () => {
    expect(readOf("/papers?q=zzz", told({ dailyPapers, searchResults: [], query: { q: "zzz" } }))).toMatchObject({
      cards: [],
      expected: 0,
    });
  });

  test("an empty day reached by a period tab lists nothing, though the props are still the other day's", () => {
    expect(
      readOf("/papers/date/2026-07-04", told({ dailyPapers, periodType: "day", dateString: "2026-07-03" })),
    ).toMatchObject({ cards: [], expected: 0 });
    expect(
      readOf("/papers/date/2026-07-03", told({ dailyPapers, periodType: "day", dateString: "2026-07-03" })),
    ).toMatchObject({ cards: [], expected: 3 });
  });
});

describe("without props, a fact that the page does not state is left out", () => {
  const CARDS = `<main><div data-target="DailyPapers"><div class="grid">
    <article><a href="/papers/2606.00001"><img src="t.png" alt=""></a><a href="/login?next=%2Fpapers%2F2606.00001"><div class="shadow"><input disabled type="checkbox"><svg></svg><div>94</div></div></a>
      <div><h3><a href="/papers/2606.00001">A daily card</a></h3><ul><li title="ann_99"><img src="a.svg"></li><li title="bobml"></li><li>· 5 authors</li></ul></div></article>
    <article><div class="hidden"><h3><a href="/papers/2606.00002">A trending card</a></h3><p>A machine wrote this line.</p><ul><li title="ann_99"></li></ul>
      <a href="/login?next=%2Fpapers%2F2606.00002"><div role="checkbox"><input disabled type="checkbox">Upvote <div>180</div></div></a></div></article>
    </div></div></main>`;

  test("no user is an author, no machine's line an abstract, and the number is the upvotes", () => {
    for (const path of ["/papers", "/papers/trending", "/papers/date/2026-11-20"]) {
      expect(readOf(path, CARDS).cards.map(({ card }) => card)).toEqual([
        { id: "2606.00001", title: "A daily card", upvotes: 94 },
        { id: "2606.00002", title: "A trending card", upvotes: 180 },
      ]);
    }
  });

  test.each([
    ["94", 94],
    ["Upvote 180", 180],
    ["Upvote180", 180],
    ["1,234", 1234],
    ["12,345,678", 12345678],
    ["0", 0],
    ["-", null],
    ["Upvote -", null],
    ["1.2k", null],
    ["1.2", null],
    ["Upvote", null],
    ["", null],
    ["12,3", null],
    ["94 of 100 %", null],
  ])("a box that shows %j tells %j upvotes", (shown, upvotes) => {
    for (const box of [
      `<a href="/login?next=x"><div><input type="checkbox" disabled>${shown}</div></a>`,
      `<label><input type="checkbox">${shown}</label>`,
    ]) {
      const { cards } = readOf(
        "/papers",
        `<main><div data-target="DailyPapers"><article><h3><a href="/papers/2606.00001">One</a></h3><label>Sort <select></select> 7</label>${box}</article></div></main>`,
      );
      expect(cards[0].card.upvotes).toBe(upvotes);
    }
  });

  const SUMMARY = "<div><p>A machine wrote this.</p><div>AI-generated summary</div></div>";
  test.each([
    ["alone", "<h2>Abstract</h2><p>We study.</p>", "We study."],
    ["after a summary", `<h2>Abstract</h2>${SUMMARY}<p>We study.</p>`, "We study."],
    [
      "in one box with the summary",
      `<h2>Abstract</h2><div>${SUMMARY}<p>We <a href="/papers?q=study">study</a>.</p></div>`,
      "We study.",
    ],
    [
      "after a summary without its label",
      "<h2>Abstract</h2><div><p>A machine wrote this.</p></div><p>We study.</p>",
      "",
    ],
    ["missing, under a summary", `<h2>Abstract</h2>${SUMMARY}<h2>Community</h2><p>Great paper!</p>`, ""],
    ["missing", "<h2>Abstract</h2><h2>Community</h2><p>Great paper!</p>", ""],
    ["missing with its heading", "<h2>Community</h2><p>Great paper!</p>", ""],
  ])("the abstract of a paper's page is the authors' own: %s", (_, html, abstract) => {
    const { cards } = readOf(
      "/papers/2606.00001",
      `<main><div data-target="PaperContent"><h1>One</h1>${html}</div></main>`,
    );
    expect(cards[0].card).toEqual({ id: "2606.00001", title: "One", abstract });
  });

  for (const generation of ["2024", "2026"]) {
    for (const props of ["missing", "invalid", "renamed"]) {
      test(`the stand-in's own cards agree with what their props would say (${generation}, ${props})`, () => {
        for (const path of [...Object.keys(LISTINGS), "/papers?q=attention", "/papers/2611.10001"]) {
          const whole = new Map(read(path, { generation, n: 12 }).cards.map(({ card }) => [card.id, card]));
          for (const { card } of read(path, { generation, props, n: 12 }).cards) {
            const { abstract, authors, upvotes } = whole.get(card.id);
            expect(card.authors ?? authors).toEqual(authors);
            if (card.abstract) expect(card.abstract.replace(/\s/g, "")).toBe(abstract.replace(/\s/g, ""));
            if (card.upvotes !== undefined) expect(card.upvotes || 0).toBe(upvotes);
          }
        }
      });
    }
  }
});
