import { afterEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage, status } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

/** @param {(message: any) => any} [answer] @param {object} [options] */
async function open(answer, options) {
  const page = openOwnPage("src/popup/popup.html", { answer, ...options });
  await import("../../../extension/src/popup/popup.js");
  return page;
}

const paper = (id, over = {}) => ({ id, title: `Paper ${id}`, authors: ["Ada"], ...over });

/** @param {object} over */
const withStatus =
  (over) =>
  ({ type }) =>
    type === "status/get" ? { ok: true, status: status(over) } : undefined;

test("what pauses can be resumed by the same button", async () => {
  const { of } = await open(withStatus({ pauses: { all: 0, huggingface: 0 } }));
  expect([byId("pause-all").textContent, byId("pause-hour").hidden]).toEqual(["Resume", true]);
  byId("pause-all").click();
  byId("pause-site").click();
  await pass();
  expect(of("pause/set")).toEqual([
    { type: "pause/set", scope: "all", on: false },
    { type: "pause/set", scope: "site", site: "huggingface", on: false },
  ]);
});

test("unpaired by the server is said once, not as waiting too", async () => {
  await open(withStatus({ state: "unpaired", waiting: 3, connection: { health: "revoked" } }));
  expect(byId("standing").textContent).toBe("Unpaired by the server");
  expect(byId("detail").textContent).toBe(
    "This browser was unpaired by the server. Kept here until you pair it again: 3.",
  );
  expect(byId("pane").querySelector("button").textContent).toBe("Pair again");
});

test("a site the browser does not allow is said before anything else", async () => {
  const { requested } = await open(undefined, { allowed: false });
  expect([byId("standing").textContent, byId("allow").hidden]).toEqual(["Not allowed on this site yet", false]);
  byId("allow-yes").click();
  await pass();
  expect(requested).toEqual([{ origins: ["https://huggingface.co/papers*"] }]);
});

test("only the latest search is shown, whatever comes in last", async () => {
  const waiting = {};
  const answer = ({ type, q }) =>
    type === "papers/search" || q ? new Promise((settle) => (waiting[q] = settle)) : undefined;
  await open(answer);
  byId("tab-search").click();
  await pass();
  const form = byId("pane").querySelector("form");
  for (const word of ["first", "second"]) {
    form.querySelector("input").value = word;
    dispatch(form, "submit");
  }
  await pass();
  waiting.second({ ok: true, items: [{ paper: paper("2") }] });
  await pass();
  waiting.first({ ok: true, items: [{ paper: paper("1") }] });
  await pass();
  expect([...byId("pane").querySelectorAll("li a")].map(({ textContent }) => textContent)).toEqual(["Paper 2"]);
});

test("a reply that comes after the reader went to another tab is not drawn", async () => {
  let settle;
  const answer = ({ type }) => (type === "hidden/list" ? new Promise((go) => (settle = go)) : undefined);
  await open(answer);
  byId("tab-hidden").click();
  byId("tab-ledger").click();
  await pass();
  settle({ ok: true, papers: [{ id: "1", title: "Hidden one" }] });
  await pass();
  expect(byId("pane").textContent).toMatch(/Nothing has been sent/);
  expect(byId("tab-ledger").getAttribute("aria-selected")).toBe("true");
});

test("what was sent is shown word for word, and a deletion says what it could not do", async () => {
  const event = { id: "e1", kind: "open", paper: "2501.00001" };
  const answer = ({ type }) => {
    if (type === "ledger/list") return { ok: true, lines: [{ event, sent_at: 0, host: "lab.example" }] };
    return type.startsWith("ledger/") ? { ok: true, deleted: 1, waiting: 2, elsewhere: 3 } : undefined;
  };
  const { of } = await open(answer);
  byId("tab-ledger").click();
  await pass();
  expect(JSON.parse(byId("pane").querySelector("pre").textContent)).toEqual(event);
  byId("pane").querySelector("button.danger").click();
  await pass();
  expect(of("ledger/delete")[0].ids).toEqual(["e1"]);
  expect(byId("said").textContent).toBe(
    "Deleted here: 1. On the server once it answers: 2. Sent to another server before, where only its operator can delete them: 3.",
  );
});

test("arrow keys go from tab to tab, and round", async () => {
  await open();
  byId("tab-hidden").focus();
  dispatch(byId("tab-hidden"), "keydown", { key: "ArrowRight" });
  await pass();
  expect(document.activeElement.id).toBe("tab-next");
});

test("what to read next says which sources bring nothing new, and nothing while all do", async () => {
  const late = { name: "Hugging Face", since: Date.parse("2026-11-23T00:00:00Z") };
  const answer =
    (sources) =>
    ({ type }) =>
      type === "sources/late" ? { ok: true, sources } : undefined;
  const note = () => byId("pane").querySelector('[role="status"]');
  await open(answer([late, { name: "arXiv", since: null }]));
  await pass();
  expect([note().hidden, note().textContent]).toEqual([
    false,
    "Hugging Face has given no new papers since Nov 23, 2026. arXiv gives no new papers just now.",
  ]);
  vi.resetModules();
  await open(answer([]));
  await pass();
  expect(note().hidden).toBe(true);
});
