import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { byId, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

test.each(["popup/popup", "options/options", "welcome/welcome", "welcome/try"])(
  "%s gets all its words",
  async (name) => {
    openOwnPage(`src/${name}.html`);
    const { translatePage } = await import("../../../extension/src/own-pages/own-page.js");
    translatePage();
    expect(document.documentElement.lang).toBe("en");
    expect([...document.querySelectorAll("[data-text]")].filter((one) => !one.textContent)).toEqual([]);
    expect([...document.querySelectorAll("[data-label]")].filter((one) => !one.getAttribute("aria-label"))).toEqual([]);
  },
);

test("words are text, never markup", async () => {
  openOwnPage("src/popup/popup.html");
  chrome.i18n.getMessage = () => "<b>x</b>";
  const { translatePage } = await import("../../../extension/src/own-pages/own-page.js");
  translatePage();
  expect(document.querySelector("[data-text] b")).toBe(null);
});

test("what the worker refuses is said; what it does is not", async () => {
  const answer = ({ type }) => (type === "bad" ? { ok: false, error: { code: "x", message: "No." } } : { ok: true });
  openOwnPage("src/popup/popup.html", { answer });
  const { ask } = await import("../../../extension/src/own-pages/own-page.js");
  expect((await ask("good")).ok).toBe(true);
  expect(byId("said").textContent).toBe("");
  expect((await ask("bad")).ok).toBe(false);
  expect(byId("said").textContent).toBe("No.");
});

test("every id that the page scripts look up is in their page", () => {
  const read = (path) => readFileSync(new URL(`../../../extension/src/${path}`, import.meta.url), "utf8");
  for (const name of ["popup/popup", "options/options", "welcome/welcome"]) {
    const html = read(`${name}.html`);
    for (const [, id] of read(`${name}.js`).matchAll(/\bbyId\("([\w-]+)"\)/g))
      expect(html, `${name} ${id}`).toContain(`id="${id}"`);
  }
});

test("a day is told without its time, in the reader's language", async () => {
  openOwnPage("src/popup/popup.html");
  const { formatDay } = await import("../../../extension/src/own-pages/own-page.js");
  expect(formatDay("2026-11-20T12:00:00Z")).toBe("Nov 20, 2026");
  expect(formatDay(Date.parse("2026-11-20T12:00:00Z"))).toBe("Nov 20, 2026");
});
