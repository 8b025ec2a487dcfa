import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { Server, end, event, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";
const log = (browser, one) => browser.ask(FROM_PAGE.eventLog, { event: one });

/** A server that knows no "less like this": the rest of a batch is taken. */
class OlderServer extends Server {
  logOne(one) {
    if (!/dislike/.test(one.kind)) return super.logOne(one);
    return { id: one.id, status: "rejected", error: { code: "invalid", message: "Must be one of …", field: "kind" } };
  }
}

const older = async () => {
  const browser = await pairedBrowser({ server: new OlderServer() });
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: PAPER, title: "One" }] });
  return browser;
};

test("a server that knows less like this is sent it, and nobody is warned", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: PAPER, title: "One" }] });
  const { marks } = await log(browser, event("dislike", PAPER));
  expect(marks[PAPER]).toMatchObject({ disliked: true, hidden: false });
  await browser.pass(300);
  expect(browser.server.events.map(({ kind }) => kind)).toEqual(["dislike"]);
  expect(browser.heard.filter(({ type }) => type === "warning")).toEqual([]);
});

test("for an older server less like this becomes hiding, under its own id, and the open page says so", async () => {
  const browser = await older();
  const dislike = event("dislike", PAPER);
  await log(browser, dislike);
  await browser.pass(300);
  expect(browser.server.events).toEqual([{ ...dislike, kind: "hide" }]);
  expect(browser.local.dead ?? []).toEqual([]);
  expect(browser.local.queue).toEqual([]);
  expect(browser.heard.filter(({ type }) => type === "warning")).toEqual([
    {
      tab: 1,
      type: "warning",
      sentence:
        "This server does not know “Less like this” yet, so the paper is only hidden. Its operator can update it.",
    },
  ]);
  expect(browser.heard.findLast(({ view }) => view).view.marks[PAPER]).toMatchObject({ hidden: true });
});

test("it can be undone there too", async () => {
  const browser = await older();
  const dislike = event("dislike", PAPER);
  await log(browser, dislike);
  await browser.pass(300);
  const { marks } = await browser.ask(FROM_PAGE.eventUndo, { id: dislike.id, paper: PAPER });
  expect(marks[PAPER]).toMatchObject({ hidden: false });
  await browser.pass(300);
  expect(browser.server.events.map(({ kind }) => kind)).toEqual(["hide", "unhide"]);
});

test("what waited together goes in its order, and other refusals stay refusals", async () => {
  const browser = await older();
  browser.server.mood = () => new Response("", { status: 503 });
  await log(browser, event("dislike", PAPER));
  await log(browser, event("undislike", PAPER));
  await log(browser, event("dislike", "9999.99999"));
  browser.server.mood = () => undefined;
  await browser.pass(10_000);
  await browser.alarm();
  expect(browser.server.events.map(({ kind, paper }) => [kind, paper])).toEqual([
    ["hide", PAPER],
    ["unhide", PAPER],
  ]);
  expect(browser.local.dead.map((one) => [one.event.kind, one.event.paper, one.error.code])).toEqual([
    ["hide", "9999.99999", "invalid"],
  ]);
});

test("killed at any moment, it reaches an older server once and in the end as hiding", async () => {
  for (let edges = 0; edges < 60; edges += 3) {
    const browser = await pairedBrowser({ server: new OlderServer(), queue: [{ event: event("dislike", PAPER) }] });
    await browser.start({ edges });
    await settle();
    await browser.start();
    await browser.pass(300);
    expect(
      browser.server.events.map(({ kind }) => kind),
      `after ${edges} edges`,
    ).toEqual(["hide"]);
    await end();
  }
});
