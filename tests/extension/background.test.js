import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../extension/src/messages.js";
import { LISTING, SERVER, end, event, pairedBrowser, settle } from "./browser-kit.js";

afterEach(end);

const CODE = "9FKM-N0J8-V5EK";
const LINK = `${SERVER}/pair#${CODE}`;
const fresh = () => pairedBrowser({ serverUrl: "", token: "" });
const nothingKept = (browser) => expect(browser.local).toMatchObject({ serverUrl: "", token: "" });
const PAPER = "2501.00001";

test("only our own pages may pair", async () => {
  const browser = await fresh();
  const answer = await browser.ask(FROM_OWN.pairConnect, { address: LINK, code: "", name: "x" });
  expect(answer.ok).toBe(false);
  nothingKept(browser);
});

test("only a listing's page may tell of anything, and only what pages may", async () => {
  const browser = await pairedBrowser();
  for (const sender of [
    { ...LISTING, url: "https://example.com/papers" },
    { ...LISTING, id: "them" },
    { ...LISTING, url: "https://huggingface.co/settings" },
  ]) {
    expect((await browser.ask(FROM_PAGE.eventLog, { event: event("open", PAPER) }, sender)).ok).toBe(false);
  }
  expect((await browser.ask("me/export")).error.code).toBe("unknown_message");
  await settle();
  expect(browser.server.requests).toEqual([]);
});
