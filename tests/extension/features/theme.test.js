import { afterEach, expect, test } from "vitest";
import { panel } from "../../../extension/src/features/panel.js";
import { theme } from "../../../extension/src/features/theme.js";
import { pass } from "../page-kit.js";
import { start, stop } from "./listing-kit.js";

afterEach(stop);

const host = () => document.querySelector("[data-inkling=panel]");

test("what is ours follows the page's own light and dark", async () => {
  start([theme, panel]);
  expect(host().dataset.theme).toBe("light");
  document.documentElement.classList.add("dark");
  await pass(10);
  expect(host().dataset.theme).toBe("dark");
  document.documentElement.classList.remove("dark");
  await pass(10);
  expect(host().dataset.theme).toBe("light");
});
