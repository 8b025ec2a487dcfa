import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

const STEPS = [{ step: "kept", ok: true, message: "Paired." }];

/** @param {string} address @param {{agreed?: boolean, plain?: boolean, reply?: object}} [options] */
async function submit(address, { agreed = true, plain = false, reply = { ok: true, steps: STEPS } } = {}) {
  const answer = ({ type }) => (type === "pair/connect" ? reply : undefined);
  const page = openOwnPage("src/options/options.html", { answer });
  const { connectForm } = await import("../../../extension/src/own-pages/connect.js");
  const onPaired = vi.fn();
  connectForm(onPaired);
  byId("address").value = address;
  byId("agreed").checked = agreed;
  byId("plain").checked = plain;
  dispatch(byId("connect"), "submit");
  await pass(10);
  return { ...page, onPaired, steps: byId("steps").textContent };
}

test("nothing is sent before the reader has agreed", async () => {
  const { sent, steps } = await submit("https://lab.example/pair#CODE", { agreed: false });
  expect(sent).toEqual([]);
  expect(steps).toMatch(/read and agree/);
});

test("a server on another machine is asked for by its exact origin, one on this machine not at all", async () => {
  expect((await submit("https://lab.example:8443/inkling/pair#CODE")).requested).toEqual([
    { origins: ["https://lab.example:8443/*"] },
  ]);
  expect((await submit("http://127.0.0.1:8765")).requested).toEqual([]);
});

test("plain http to another machine is not asked for before it is confirmed", async () => {
  expect((await submit("http://lab.example")).requested).toEqual([]);
  expect((await submit("http://lab.example", { plain: true })).requested).toHaveLength(1);
});

test("a browser that refuses to be asked does not stop the pairing", async () => {
  const { of } = await submit("https://lab.example").then(async (page) => {
    chrome.permissions.request = () => Promise.reject(new Error("no"));
    byId("address").value = "https://lab.example";
    dispatch(byId("connect"), "submit");
    await pass(10);
    return page;
  });
  expect(of("pair/connect")).toHaveLength(2);
});

test("once paired the link is gone from the form; after a failure it stays, with the reason", async () => {
  const paired = await submit("https://lab.example/pair#CODE");
  expect([byId("address").value, paired.onPaired.mock.calls.length]).toEqual(["", 1]);
  expect(paired.of("pair/connect")[0]).toMatchObject({ agreed: "https://lab.example", name: "Firefox on Linux" });
  const reply = { ok: false, error: { code: "network", message: "The server does not answer." } };
  const failed = await submit("https://lab.example/pair#CODE", { reply });
  expect([byId("address").value, failed.onPaired.mock.calls.length]).toEqual(["https://lab.example/pair#CODE", 0]);
  expect(failed.steps).toBe("The server does not answer.");
  expect(byId("submit").disabled).toBe(false);
});
