import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const view = async (browser, sender = LISTING) => (await browser.ask(FROM_PAGE.pageView, { page: PAGE }, sender)).view;
const own = (browser, type, fields) => browser.ask(type, fields, OWN);

test("a site that a lab left out is off and stays off", async () => {
  const browser = await pairedBrowser();
  await browser.rule({ serverUrl: "https://papers.example.org", sites: ["arxiv"] });
  await own(browser, FROM_OWN.preferencesSet, { sites: { huggingface: true } });
  expect((await view(browser)).state).toBe("off");
  expect((await own(browser, FROM_OWN.status)).status.managed.serverUrl).toBe("https://papers.example.org");
});
