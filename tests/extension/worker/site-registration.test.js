import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

const ARXIV = "https://arxiv.org/*";
const switchArxiv = (browser, on) => browser.ask(FROM_OWN.preferencesSet, { sites: { arxiv: on } }, OWN);

/** A browser whose reader has just allowed arXiv. */
async function allowingBrowser() {
  const browser = await pairedBrowser();
  browser.allowed.add(ARXIV).add("scripting");
  await browser.start();
  return browser;
}

test("switched on and allowed, arXiv gets its content script, and keeps it over restarts", async () => {
  const browser = await allowingBrowser();
  expect(browser.scripts.size).toBe(0);
  await switchArxiv(browser, true);
  await settle();
  expect(browser.scripts.get("arxiv")).toMatchObject({
    matches: [ARXIV, "https://www.arxiv.org/*"],
    js: ["src/loader.js"],
    css: ["src/ui/reserve.css"],
    persistAcrossSessions: true,
  });
  await browser.start();
  expect(browser.scripts.size).toBe(1);
});

test("switched off, arXiv is left alone", async () => {
  const browser = await allowingBrowser();
  await switchArxiv(browser, true);
  await settle();
  await switchArxiv(browser, false);
  await settle();
  expect(browser.scripts.size).toBe(0);
  const { view } = await browser.ask(
    FROM_PAGE.pageView,
    { page: "list" },
    { ...LISTING, url: "https://arxiv.org/list/cs.LG/new" },
  );
  expect(view.state).toBe("off");
});

test("without the browser's word nothing is registered", async () => {
  const browser = await pairedBrowser();
  expect((await switchArxiv(browser, true)).ok).toBe(true);
  await settle();
  expect(browser.scripts.size).toBe(0);
});

test("a permission taken back in the browser switches the site off", async () => {
  const browser = await allowingBrowser();
  await switchArxiv(browser, true);
  await settle();
  browser.allowed.delete(ARXIV);
  browser.life.tell("forbidden", { origins: [ARXIV] });
  await settle();
  expect(browser.local.preferences.sites.arxiv).toBe(false);
  expect(browser.scripts.size).toBe(0);
});
