import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage, status } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

/** @param {(message: any) => any} [answer] @param {object} [options] */
async function open(answer, options) {
  const page = openOwnPage("src/options/options.html", { answer, ...options });
  await import("../../../extension/src/options/options.js");
  return page;
}

/** @param {object} over */
const withStatus =
  (over) =>
  ({ type }) =>
    type === "status/get" ? { ok: true, status: status(over) } : undefined;

test("one key does one thing: the action that had it loses it", async () => {
  const { of } = await open();
  const [save, hide] = ["save", "hide"].map((action) => document.querySelector(`[data-key=${action}]`));
  hide.value = "S";
  dispatch(hide, "input");
  expect(save.value).toBe("");
  expect(of("preferences/set")[0].shortcuts).toEqual({ save: "", hide: "s" });
});

test("the form is folded while paired, open when it is needed", async () => {
  await open();
  expect(byId("pairing").open).toBe(false);
  await open(withStatus({ connection: { health: "revoked" } }));
  expect([byId("pairing").open, byId("standing").textContent]).toEqual([
    true,
    "https://lab.example no longer knows this browser; pair it again to send what is kept here.",
  ]);
  await open(withStatus({ paired: false, agreed: "", managed: { serverUrl: "https://policy.example" } }));
  expect([byId("pairing").open, byId("address").value]).toEqual([true, "https://policy.example"]);
});

test("a site the browser refuses stays off", async () => {
  const { of, requested } = await open(undefined, { allowed: false, granted: false });
  byId("site-arxiv").click();
  await pass();
  expect(requested).toHaveLength(1);
  expect(of("preferences/set")).toEqual([]);
  expect([byId("site-arxiv").checked, byId("said").textContent]).toEqual([
    false,
    "The browser was not given permission.",
  ]);
});

test("a site a lab leaves out cannot be switched on", async () => {
  await open(withStatus({ managed: { sites: ["huggingface"] } }));
  expect([byId("site-arxiv").disabled, byId("site-huggingface").disabled]).toEqual([true, false]);
  expect(byId("sites-left-out").hidden).toBe(false);
});

test("leaving without an export, or with events unsent, needs another yes", async () => {
  const refusal = { ok: false, error: { code: "network", message: "No answer." } };
  const answer = ({ type, discard }) => {
    if (type === "me/export") return refusal;
    if (type === "account/leave") return discard ? { ok: true, gone_there: true } : { ...refusal, waiting: 2 };
  };
  const { of } = await open(answer);
  const answers = [false, true, false, true, true];
  vi.stubGlobal("confirm", () => answers.shift());
  const leave = async () => {
    byId("leave-all").click();
    await pass(5);
    return of("account/leave").map(({ discard }) => discard === true);
  };
  expect(await leave()).toEqual([]);
  expect(await leave()).toEqual([false]);
  expect(await leave()).toEqual([false, false, true]);
  expect(byId("said").textContent).toBe("Everything is deleted, there and here.");
});
