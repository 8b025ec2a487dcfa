import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { readAddress } from "../../../extension/src/own-pages/address.js";
import { OWN, SERVER, end, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const CODE = "9FKM-N0J8-V5EK";
const LINK = `${SERVER}/pair#${CODE}`;
const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const fresh = () => pairedBrowser({ serverUrl: "", token: "" });

const whose = async (browser, address, more = {}) =>
  (await own(browser, FROM_OWN.pairWhose, { address, code: "", agreed: readAddress(address)?.address, ...more })).whose;

const answering =
  (status, body) =>
  ({ path }) =>
    path === "/v1/pairing-codes/whose" ? reply(status, body) : undefined;

const WIDE = "論";
const idOf = (at) => `2501.${String(at).padStart(5, "0")}`;

/** What a hostile server makes of an answer: everything it can be, as large as it likes. */
const long = (characters) => WIDE.repeat(characters);

const REASONS = Array.from({ length: 45 }, () => ({
  kind: "paper",
  share: 0.1,
  paper: "2501.00001",
  title: long(400),
  words: Array(15).fill(long(70)),
}));

const paper = (at, more = {}) => ({
  id: idOf(at),
  title: long(5_000),
  abstract: long(50_000),
  authors: Array(500).fill(long(300)),
  categories: Array(500).fill(long(100)),
  published_at: long(500),
  upvotes: at,
  url: "https://evil.example/",
  ...more,
});

const HOSTILE = {
  list_id: "L".repeat(150),
  model: long(10_000),
  more: long(100_000),
  cards: Array.from({ length: 100 }, (_, at) => ({
    id: idOf(at),
    input_id: long(1_000),
    rank: at,
    score: 1,
    basis: long(1_000),
    state: { opened_at: long(1_000), saved: true, hidden: false, more: long(1_000) },
    reasons: REASONS,
  })),
  recommended: Array.from({ length: 100 }, (_, at) => ({
    paper: paper(at),
    score: 1,
    rank: at,
    reasons: REASONS,
    more: long(1_000),
  })),
};

test("what a server says of whom a link is for is cut to what can be shown", async () => {
  const browser = await fresh();
  browser.server.mood = answering(200, {
    reader_id: null,
    operator: "yes",
    devices: ["a\u202eb\n", 7, "\u200b", "x".repeat(1000)],
  });
  expect(await whose(browser, LINK)).toEqual({ reader_id: "", operator: false, devices: ["ab", "x".repeat(60)] });
});

test("a paper under an id that is none is neither kept nor shown", async () => {
  const browser = await pairedBrowser();
  const items = [
    "2501.00001",
    "../../evil",
    "2501.00001?next=//evil.example",
    "javascript:alert(1)",
    null,
    7,
    "arXiv:2501.00002",
  ].map((id) => ({
    paper: paper(1, { id }),
    score: 1,
    rank: 1,
    reasons: [{ kind: "paper", share: 1, paper: id, title: "x" }],
  }));
  browser.server.mood = ({ path }) =>
    path === "/v1/rank"
      ? reply(200, { ...HOSTILE, cards: [], recommended: items })
      : path.startsWith("/v1/me")
        ? undefined
        : reply(200, { list_id: "L", items });
  const { view } = await browser.ask(FROM_PAGE.pageCards, {
    page: "daily/2026-11-20",
    cards: [{ id: "2501.00009", title: "x" }],
  });
  const shown = [
    view.list.recommended,
    (await browser.ask(FROM_OWN.recommend, {}, OWN)).items,
    (await browser.ask(FROM_OWN.search, { q: "x" }, OWN)).items,
  ];
  for (const list of shown) {
    expect(list.map((one) => one.paper.id)).toEqual(["2501.00001"]);
    expect(list[0].reasons).toEqual([{ kind: "paper", share: 1, paper: "2501.00001", title: "x" }]);
  }
});
