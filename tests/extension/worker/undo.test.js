import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { BAD_PAPER, OWN, end, event, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

const log = (browser, one, more = {}) => browser.ask(FROM_PAGE.eventLog, { event: one, ...more });

async function heal(browser) {
  browser.server.mood = () => undefined;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
}

test("undo of what is unsent makes it vanish", async () => {
  const browser = await pairedBrowser();
  const save = event("save", "2501.00001");
  await log(browser, save);
  const { marks } = await browser.ask(FROM_PAGE.eventUndo, { id: save.id, paper: save.paper });
  // Said outright: the page that showed it as saved must hear that it no longer is.
  expect(marks).toEqual({ [save.paper]: { opened_at: null, saved: false, hidden: false } });
  await browser.pass(300);
  expect(browser.server.events).toEqual([]);
});

test("undo of what was sent logs its opposite, later than it, once however often it is asked", async () => {
  const browser = await pairedBrowser();
  const hide = event("hide", "2501.00001", { at: "2026-11-20T09:30:00.000Z" });
  await log(browser, hide);
  await browser.pass(200);
  for (let time = 0; time < 2; time++) await browser.ask(FROM_PAGE.eventUndo, { id: hide.id, paper: hide.paper });
  await browser.pass(300);
  expect(browser.server.events.map(({ kind }) => kind)).toEqual(["hide", "unhide"]);
  expect(browser.server.events[1].at).toBe("2026-11-20T09:30:00.001Z");
  expect(browser.local.states["2501.00001"].hidden).toBe(false);
});

test("undo of what may be on the server, for its answer never came, logs its opposite", async () => {
  const browser = await pairedBrowser();
  const save = event("save", "2501.00001");
  browser.server.mood = (request) => {
    if (request.body?.events) browser.server.log(request.body);
    throw new TypeError("the connection broke");
  };
  await log(browser, save);
  await browser.pass(200);
  await browser.ask(FROM_PAGE.eventUndo, { id: save.id, paper: save.paper });
  await heal(browser);
  expect(browser.server.events.map(({ kind }) => kind)).toEqual(["save", "unsave"]);
});

test("undo of what the server refused takes it out of the refused ones", async () => {
  const browser = await pairedBrowser();
  const save = event("save", BAD_PAPER);
  await log(browser, save);
  await browser.pass(200);
  expect(browser.local.dead).toHaveLength(1);
  await browser.ask(FROM_PAGE.eventUndo, { id: save.id, paper: BAD_PAPER });
  await browser.pass(200);
  expect(browser.local.dead).toEqual([]);
  expect(browser.server.events).toEqual([]);
});
