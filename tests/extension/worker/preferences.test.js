import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, pairedBrowser } from "../browser-kit.js";

afterEach(end);

test("a page sets the order and the fold of the panel, and nothing else", async () => {
  const browser = await pairedBrowser();
  const wanted = { order: "foryou", panel_collapsed: true, capture: "off", shortcuts: { save: "q" } };
  const { settings } = await browser.ask(FROM_PAGE.settingsSet, wanted);
  expect(settings).toMatchObject({ order: "foryou", panel_collapsed: true, capture: "auto", shortcuts: { save: "s" } });
  await browser.ask(FROM_PAGE.settingsSet, { order: "random", panel_collapsed: "yes" });
  expect(browser.local.preferences).toMatchObject({ order: "foryou", panel_collapsed: true });
});

test("our own pages set the rest, one shortcut or site at a time", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_OWN.preferencesSet, { capture: "manual", shortcuts: { save: "q" } }, OWN);
  await browser.ask(FROM_OWN.preferencesSet, { capture: "everything", sites: { arxiv: true } }, OWN);
  expect(browser.local.preferences).toMatchObject({
    capture: "manual",
    shortcuts: { save: "q", hide: "x" },
    sites: { huggingface: true, arxiv: true },
  });
});
