import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { parseCard } from "../../../extension/src/worker/validate.js";
import { end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const log = (browser, one, more = {}) => browser.ask(FROM_PAGE.eventLog, { event: one, ...more });

// The server refuses a whole page for one card with a text or a number that it cannot keep.
test.each([0, 1, 2, 3])("a text that is cut at any place, here %i before a pair, is whole", (before) => {
  const long = "x".repeat(before) + "😀".repeat(20_000);
  const card = parseCard({
    id: "2401.00001",
    title: long,
    abstract: long,
    organization: long,
    authors: [long],
    categories: [long],
  });
  const texts = [card.title, card.abstract, card.organization, ...card.authors, ...card.categories];
  expect(texts.every((text) => text.isWellFormed() && text.length > 40)).toBe(true);
  expect(texts.join("")).toContain("😀");
});

test.each([
  ["2026"],
  ["20 Nov 2026"],
  ["2026-11-20"],
  ["2026-11-20T08:15:00"],
  ["+010000-01-01T00:00:00.000Z"],
  ["2026-13-41T00:00:00Z"],
  ["0000-01-01T00:00:00Z"],
  ["0001-01-01T00:00:00+09:00"],
  ["soon"],
  [5],
])("a time such as %j, which the server does not read, is left out", (published_at) =>
  expect(parseCard({ id: "2401.00001", published_at })).toEqual({ id: "2401.00001" }),
);

test.each([["2026-11-20T08:15:00Z"], ["2026-11-20T08:15:00.000Z"], ["2026-11-20T10:15:00+02:00"]])(
  "a time such as %j goes on as the server reads it",
  (published_at) => expect(parseCard({ id: "2401.00001", published_at }).published_at).toBe("2026-11-20T08:15:00.000Z"),
);

test.each([[-1], [1.5], [2 ** 31], [1e300], [Number.NaN], ["7"]])("upvotes such as %j are left out", (upvotes) =>
  expect(parseCard({ id: "2401.00001", upvotes })).toEqual({ id: "2401.00001" }),
);

test("of what a page tells only known fields go on: never an address or a query", async () => {
  const browser = await pairedBrowser();
  await log(browser, {
    ...event("save", "arXiv:2501.00001v2"),
    page: "https://huggingface.co/papers?q=secret",
    more: "secret",
    surface: "secret",
  });
  await browser.pass(200);
  expect(browser.server.events[0]).toMatchObject({ paper: "2501.00001" });
  expect(JSON.stringify(browser.server.requests)).not.toContain("secret");
});
