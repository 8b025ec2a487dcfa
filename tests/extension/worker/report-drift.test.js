import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const own = (browser, type, fields) => browser.ask(type, fields, OWN);

test("a page that has changed is reported once and shown as left alone", async () => {
  const browser = await pairedBrowser();
  const answer = await browser.ask(FROM_PAGE.reportDrift, {
    site: "huggingface",
    page_kind: "daily",
    page: PAGE,
    seen: 3,
    expected: 40,
  });
  expect(answer.view.state).toBe("drift");
  expect(browser.server.sent("/v1/client-reports")[0].body).toEqual({
    kind: "drift",
    site: "huggingface",
    page_kind: "daily",
    seen: 3,
    expected: 40,
    version: "0.1.0",
  });
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.state).toBe("drift");
});
