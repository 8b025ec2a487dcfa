import { afterEach, expect, test, vi } from "vitest";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

async function open() {
  openOwnPage("src/options/options.html");
  const { askToAgree } = await import("../../../extension/src/own-pages/agreement.js");
  const others = [];
  const setAgreed = askToAgree((other) => others.push(other));
  const type = (address) => {
    byId("address").value = address;
    dispatch(byId("address"), "input");
    return [byId("agreed").checked, others.at(-1)];
  };
  return { setAgreed, type };
}

test("another server than the one agreed to needs a new agreement, and going back to it needs none", async () => {
  const { setAgreed, type } = await open();
  setAgreed("https://lab.example");
  expect(type("https://lab.example/pair#CODE")).toEqual([true, ""]);
  expect(type("https://other.example")).toEqual([false, "https://other.example"]);
  byId("agreed").checked = true;
  expect(type("https://other.example/pair#CODE")).toEqual([true, "https://other.example"]);
  // Agreed to that one, not to a third.
  expect(type("https://third.example")).toEqual([false, "https://third.example"]);
  expect(type("https://lab.example")).toEqual([true, ""]);
});

test("before anything was agreed to no server is another, and nothing is ticked for the reader", async () => {
  const { setAgreed, type } = await open();
  setAgreed("");
  expect(type("https://lab.example")).toEqual([false, ""]);
});
