import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { applyEvents, mergeServerStates } from "../../../extension/src/worker/paper-states.js";
import { LISTING, Server, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const silent = () => reply(503, "");

test("unsent words lie over what the server said", async () => {
  const server = new Server();
  const states = { [PAPER]: { opened_at: null, saved: true, hidden: false } };
  const browser = await pairedBrowser({ server, states });
  server.mood = silent;
  await log(browser, "unsave");
  const { marks } = await log(browser, "open");
  expect(marks[PAPER]).toMatchObject({ saved: false, opened_at: expect.any(String), pending: true });
});

test("states of five thousand papers are kept, the longest untouched forgotten first", async () => {
  const states = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, at) => [
      `2401.${String(at).padStart(5, "0")}`,
      { opened_at: null, saved: true, hidden: false },
    ]),
  );
  const browser = await pairedBrowser({ states });
  await log(browser, "save");
  await browser.pass(300);
  expect(Object.keys(browser.local.states)).toHaveLength(5_000);
  expect(browser.local.states["2401.00000"]).toBe(undefined);
  expect(browser.local.states[PAPER].saved).toBe(true);
});

test("that less is wanted stays until it is taken back, whether or not the server speaks of it", () => {
  const states = {};
  applyEvents(states, [event("dislike", PAPER)]);
  expect(states[PAPER]).toEqual({ opened_at: null, saved: false, hidden: false, disliked: true });
  const told = (state) => mergeServerStates(states, [{ id: PAPER, state }]);
  told({ opened_at: null, saved: false, hidden: false });
  expect(states[PAPER].disliked).toBe(true);
  told({ opened_at: null, saved: true, hidden: false, disliked: false });
  expect(states[PAPER]).toEqual({ opened_at: null, saved: true, hidden: false });
  told({ opened_at: null, saved: false, hidden: false, disliked: true });
  expect(states[PAPER].disliked).toBe(true);
  applyEvents(states, [event("undislike", PAPER)]);
  told({ opened_at: null, saved: false, hidden: false });
  expect(states[PAPER]).toBe(undefined);
});
