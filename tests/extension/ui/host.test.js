import { beforeEach, expect, test } from "vitest";
import { floatOver, followTheme, makeHost } from "../../../extension/src/ui/host.js";
import { openPage, pass } from "../page-kit.js";

beforeEach(() => openPage("https://huggingface.co/papers", { html: "<body></body>" }));

test("a host has an open root with its style, and our language", () => {
  const { host, root } = makeHost("panel", ".x { color: red; }");
  expect([host.dataset.inkling, host.lang, root.mode]).toEqual(["panel", "en", "open"]);
  // jsdom shares no sheets: as in a browser that refuses them, a style element is there instead.
  expect(root.querySelector("style").textContent).toContain(".x { color: red; }");
});

test.each([
  ["rgb(10, 12, 20)", "dark"],
  ["rgb(250, 250, 250)", "light"],
  // Transparent black is the page's own white.
  ["rgba(0, 0, 0, 0)", "light"],
])("a page on %s is %s", (background, theme) => {
  document.body.style.backgroundColor = background;
  const life = new AbortController();
  followTheme(life.signal);
  expect(makeHost("mark", "").host.dataset.theme).toBe(theme);
  life.abort();
});

test("the page's own class decides before its colour, and hosts follow until stopped", async () => {
  const life = new AbortController();
  followTheme(life.signal);
  const { host } = makeHost("mark", "");
  document.body.append(host);
  document.documentElement.classList.add("dark");
  await pass();
  expect(host.dataset.theme).toBe("dark");
  life.abort();
  document.documentElement.classList.remove("dark");
  await pass();
  expect(host.dataset.theme).toBe("dark");
});

test("a floating host is added to the page once", () => {
  const { host } = makeHost("panel", "");
  floatOver(host);
  floatOver(host);
  expect([host.parentElement, document.querySelectorAll("[data-over]").length]).toEqual([document.body, 1]);
});
