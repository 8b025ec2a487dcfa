import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

/** The options page; `allowed`: whether the browser grants the menu now, `granted`: whether it does when asked. */
async function open({ allowed = false, granted = true, isFirefox = false } = {}) {
  const page = openOwnPage("src/options/options.html", { allowed, granted });
  if (isFirefox) chrome.runtime.getBrowserInfo = async () => ({ name: "Firefox" });
  chrome.contextMenus = { removeAll: vi.fn(async () => {}) };
  chrome.permissions.remove = vi.fn(async () => true);
  await import("../../../extension/src/options/options.js");
  return page;
}

async function press(checked) {
  byId("link-menu").checked = checked;
  dispatch(byId("link-menu"), "change");
  await pass();
}

test("switched on, the browser is asked for the menu alone, and only then", async () => {
  const { requested } = await open();
  expect([byId("link-menu-row").hidden, byId("link-menu-none").hidden, byId("link-menu").checked]).toEqual([
    false,
    true,
    false,
  ]);
  expect(requested).toEqual([]);
  await press(true);
  expect(requested).toEqual([{ permissions: ["contextMenus"] }]);
});

test("refused, it stays off and that is said", async () => {
  await open({ granted: false });
  await press(true);
  expect([byId("link-menu").checked, byId("said").textContent]).toEqual([
    false,
    "The browser was not given permission.",
  ]);
});

test("switched off, the entry goes and the permission is given back", async () => {
  await open({ allowed: true });
  expect(byId("link-menu").checked).toBe(true);
  await press(false);
  expect(chrome.contextMenus.removeAll).toHaveBeenCalledOnce();
  expect(chrome.permissions.remove).toHaveBeenCalledWith({ permissions: ["contextMenus"] });
});

test("in Firefox it cannot be, and that is said in place of the switch", async () => {
  await open({ isFirefox: true });
  expect([byId("link-menu-row").hidden, byId("link-menu-none").hidden]).toEqual([true, false]);
  expect(byId("link-menu-none").textContent).toMatch(/^Firefox allows an entry/);
});
