import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";
const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const log = (browser, one) => browser.ask(FROM_PAGE.eventLog, { event: one });

async function browserWith(...events) {
  const browser = await pairedBrowser();
  for (const one of events) await log(browser, one);
  await browser.pass(300);
  return browser;
}

test("where the server's log is too long to look through, it is said that older events may remain", async () => {
  const [mine, others] = [event("save", PAPER), Array.from({ length: 199 }, () => event("open", "2501.00002"))];
  const browser = await browserWith(mine);
  browser.server.mood = ({ method, path }) =>
    method === "GET" && path.startsWith("/v1/me/events")
      ? reply(200, { items: [mine, ...others], next: "older" })
      : undefined;
  expect(await own(browser, FROM_OWN.forget, { paper: PAPER })).toMatchObject({
    deleted: 1,
    silent: false,
    partial: true,
  });
  browser.server.mood = () => undefined;
  expect(await own(browser, FROM_OWN.forget, { paper: PAPER })).toMatchObject({ silent: false, partial: false });
});
