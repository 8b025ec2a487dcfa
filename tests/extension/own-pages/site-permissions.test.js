import { afterEach, expect, test, vi } from "vitest";
import { openOwnPage } from "../own-pages-kit.js";

const load = () => import("../../../extension/src/own-pages/site-permissions.js");
afterEach(() => vi.unstubAllGlobals());

test("arXiv works without its other name, which is asked for together with it", async () => {
  const { requested } = openOwnPage("src/popup/popup.html");
  const contains = vi.spyOn(chrome.permissions, "contains");
  const { isSiteAllowed, requestSite } = await load();
  expect(await isSiteAllowed("arxiv")).toBe(true);
  expect(contains.mock.calls[0][0].origins).toEqual(["https://arxiv.org/*"]);
  await requestSite("arxiv");
  expect(requested).toEqual([
    { origins: ["https://arxiv.org/*", "https://www.arxiv.org/*"], permissions: ["scripting"] },
  ]);
});

test("a browser that cannot answer is taken at its install's word, and a request it refuses is a no", async () => {
  openOwnPage("src/popup/popup.html");
  chrome.permissions.contains = chrome.permissions.request = () => Promise.reject(new Error("no"));
  const { isSiteAllowed, requestSite } = await load();
  expect([await isSiteAllowed("huggingface"), await requestSite("huggingface")]).toEqual([true, false]);
});
