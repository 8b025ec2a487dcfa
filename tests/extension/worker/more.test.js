import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { end, example, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const cards = [{ id: "2501.00001", title: "One" }];
const { response } = example("GET /v1/recommendations");
const brought = ["2503.00001", "2503.00002"].map((id) => ({
  ...response.items[0],
  paper: { ...response.items[0].paper, id },
}));

async function browserWithMore() {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards });
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/recommendations") ? reply(200, { ...response, list_id: "L-more", items: brought }) : undefined;
  return browser;
}

test("more recommendations asked for twice at once join the list once", async () => {
  const browser = await browserWithMore();
  await Promise.all([1, 2].map(() => browser.ask(FROM_PAGE.more, { page: PAGE })));
  const [{ recommended }] = Object.values(browser.local.lists);
  expect(recommended.map(({ paper }) => paper.id).filter((id) => id.startsWith("2503"))).toEqual([
    "2503.00001",
    "2503.00002",
  ]);
});

test("what an answer brought later cites that answer, not the page's own", async () => {
  const browser = await browserWithMore();
  const { list } = await browser.ask(FROM_PAGE.more, { page: PAGE });
  const citing = list.recommended.map(({ list_id = list.list_id }) => list_id);
  expect(new Set(citing)).toEqual(new Set([list.list_id, "L-more"]));
  expect(citing.slice(-2)).toEqual(["L-more", "L-more"]);
});
