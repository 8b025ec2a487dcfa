import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

const SETTINGS = { personal: true, learn_for_others: false, freshness: 1, variety: 0, exploration: 1.8 };

/** The options page over a worker that answers so. */
async function open(answers = {}) {
  const replies = { "lists/settings": { ok: true, settings: SETTINGS }, ...answers };
  const page = openOwnPage("src/options/options.html", { answer: ({ type }) => replies[type] });
  await import("../../../extension/src/options/options.js");
  return page;
}

const words = () => ["freshness", "variety", "exploration"].map((name) => byId(`${name}-words`).textContent);

test("each setting is shown, the sliders in words for eyes and screen readers", async () => {
  await open();
  expect(byId("lists").hidden).toBe(false);
  expect([byId("personal").checked, byId("learn_for_others").checked]).toEqual([true, false]);
  expect(words()).toEqual(["as built", "none", "a lot"]);
  expect(byId("variety").getAttribute("aria-valuetext")).toBe("none");
});

test("a slider says its word while it moves, and is stored where it is let go", async () => {
  const { of } = await open();
  byId("variety").value = "3";
  dispatch(byId("variety"), "input");
  expect(words()[1]).toBe("more");
  expect(of("lists/settings/set")).toEqual([]);
  dispatch(byId("variety"), "change");
  byId("personal").checked = false;
  dispatch(byId("personal"), "change");
  await pass();
  expect(of("lists/settings/set").map(({ change }) => change)).toEqual([{ variety: 1.5 }, { personal: false }]);
  expect(byId("lists-said").textContent).toBe("Changed; lists follow at once.");
});

test("what could not be stored goes back, and is said", async () => {
  await open({ "lists/settings/set": { ok: false, error: { code: "network", message: "No answer." } } });
  byId("personal").checked = false;
  dispatch(byId("personal"), "change");
  await pass();
  expect([byId("personal").checked, byId("lists-said").textContent]).toEqual([true, "No answer."]);
});

test.each([
  ["an older server", { ok: true, settings: null }],
  ["a silent one", { ok: false, error: { code: "network", message: "No answer." } }],
])("with %s there is nothing to set", async (_, reply) => {
  await open({ "lists/settings": reply });
  expect(byId("lists").hidden).toBe(true);
});
