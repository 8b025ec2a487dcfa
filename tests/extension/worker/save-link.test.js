import { afterEach, expect, test } from "vitest";
import { ORIGIN, Browser, end, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

/** A paired browser whose reader has allowed the menu. */
async function withMenu(local = {}) {
  const browser = await pairedBrowser(local);
  browser.allowed.add("contextMenus");
  await browser.start();
  browser.life.tell("allowed", { permissions: ["contextMenus"] });
  await settle();
  return browser;
}

async function click(browser, linkUrl, menuItemId = "save-link") {
  browser.life.tell("menu", { menuItemId, linkUrl });
  await settle();
}

async function type(browser, typed) {
  browser.life.tell("typing", typed, () => {});
  browser.life.tell("typed", typed, "currentTab");
  await settle();
}

const saved = (browser) =>
  [...(browser.local.ledger ?? []), ...(browser.local.queue ?? [])].map(({ event }) => [
    event.kind,
    event.paper,
    event.surface,
  ]);

test("the menu has one entry, on links to the hosts of papers, however often it is put there", async () => {
  const browser = await withMenu();
  browser.life.tell("installed", { reason: "update" });
  await settle();
  await browser.start();
  browser.life.tell("installed", { reason: "update" });
  await settle();
  expect([...browser.menus.values()]).toEqual([
    {
      id: "save-link",
      title: "Save to Inkling",
      contexts: ["link"],
      targetUrlPatterns: ["arxiv.org", "ar5iv.org", "alphaxiv.org", "huggingface.co", "hf.co", "doi.org"].map(
        (host) => `*://*.${host}/*`,
      ),
    },
  ]);
});

test.each([
  ["https://arxiv.org/pdf/2501.00001v3.pdf#page=2", "2501.00001"],
  ["https://www.alphaxiv.org/overview/2501.00001", "2501.00001"],
  ["https://huggingface.co/papers/2501.00001?x=y", "2501.00001"],
  ["https://arxiv.org/abs/math.GT/0309136", "math/0309136"],
  ["https://doi.org/10.48550/arXiv.2501.00001", "2501.00001"],
])("a press on %s saves %s", async (link, paper) => {
  const browser = await withMenu();
  await click(browser, link);
  expect(saved(browser)).toEqual([["save", paper, "import"]]);
  expect(browser.badge).toBe("✓");
  await browser.pass(2_600);
  expect(browser.badge).toBe("");
  expect(browser.server.events.map(({ kind }) => kind)).toEqual(["save"]);
});

test.each(["https://arxiv.org/list/cs.LG/recent", "javascript:alert(1)", "https://evil.example/abs/2501.00001", ""])(
  "a link that names no paper (%j) saves nothing, and the icon says so",
  async (link) => {
    const browser = await withMenu();
    await click(browser, link);
    expect([saved(browser), browser.badge]).toEqual([[], "?"]);
  },
);

test("another entry's press is not ours", async () => {
  const browser = await withMenu();
  await click(browser, "https://arxiv.org/abs/2501.00001", "other");
  expect([saved(browser), browser.badge]).toEqual([[], ""]);
});

test("a press wakes a worker that had ended, and counts once", async () => {
  const browser = await withMenu();
  await browser.start();
  await click(browser, "https://arxiv.org/abs/2501.00001");
  expect(saved(browser)).toEqual([["save", "2501.00001", "import"]]);
});

test("what is typed after the word is said before Enter, and saved by it, in any form and several at once", async () => {
  const browser = await pairedBrowser();
  await type(browser, "arXiv:2501.00001v2 https://huggingface.co/papers/2501.00002, 2501.00001");
  expect(browser.suggestion).toBe("Save to Inkling: 2501.00001, 2501.00002");
  expect(saved(browser)).toEqual([
    ["save", "2501.00001", "import"],
    ["save", "2501.00002", "import"],
  ]);
  await type(browser, "caches & <b>keys</b>");
  expect(browser.suggestion).toBe("Save to Inkling: type a paper’s id or address");
  expect([saved(browser).length, browser.badge]).toEqual([2, "?"]);
});

test("not paired, it shows how to pair, and stores nothing", async () => {
  const browser = new Browser();
  await browser.start();
  await type(browser, "2501.00001");
  expect(browser.opened).toEqual([`${ORIGIN}src/welcome/welcome.html`]);
  expect(saved(browser)).toEqual([]);
});

test("without the permission there is no menu, and nothing fails", async () => {
  const browser = await pairedBrowser();
  browser.life.tell("allowed", { permissions: [] });
  browser.life.tell("installed", { reason: "update" });
  await settle();
  expect(browser.menus.size).toBe(0);
});
