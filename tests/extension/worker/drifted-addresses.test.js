import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, end, pairedBrowser } from "../browser-kit.js";

afterEach(end);

test("what one address looked like is not held against another, and no query is remembered", async () => {
  const browser = await pairedBrowser();
  const at = (path) => ({ ...LISTING, url: `https://huggingface.co${path}` });
  const state = async (path, page) => (await browser.ask(FROM_PAGE.pageView, { page }, at(path))).view.state;
  const drifts = (path, page) =>
    browser.ask(FROM_PAGE.reportDrift, { site: "huggingface", page_kind: page, page, seen: 0, expected: 1 }, at(path));
  await drifts("/papers/2609.01234", "paper");
  await drifts("/papers?q=secret", "search");
  await browser.start();
  expect(await state("/papers/2609.01234#community", "paper")).toBe("drift");
  expect(await state("/papers/2609.01235", "paper")).toBe("ready");
  expect(await state("/papers", "daily")).toBe("ready");
  expect(await state("/papers?q=secret", "search")).toBe("ready");
  expect(await browser.ask(FROM_PAGE.pageRoom, {}, at("/papers/2609.01234"))).toMatchObject({
    state: "drift",
    room: null,
  });
  expect(await browser.ask(FROM_PAGE.pageRoom, {}, at("/papers/2609.01235"))).toMatchObject({
    state: "ready",
    room: "bar",
  });
  expect(JSON.stringify(browser.session)).not.toContain("secret");
});

test("of addresses that drifted only the last few are remembered", async () => {
  const browser = await pairedBrowser();
  const at = (n) => ({ ...LISTING, url: `https://huggingface.co/papers/2609.${10_000 + n}` });
  for (let n = 0; n < 60; n++)
    await browser.ask(
      FROM_PAGE.reportDrift,
      { site: "huggingface", page_kind: "paper", page: "paper", seen: 0, expected: 1 },
      at(n),
    );
  expect(browser.session.drifted).toHaveLength(50);
  expect((await browser.ask(FROM_PAGE.pageView, { page: "paper" }, at(59))).view.state).toBe("drift");
});
