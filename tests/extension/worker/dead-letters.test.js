import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { BAD_PAPER, OWN, Server, end, event, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const papers = (count) => Array.from({ length: count }, (_, at) => `2501.${String(at + 1).padStart(5, "0")}`);
const waiting = (browser) => (browser.local.queue ?? []).map((one) => one.event.id);

/** A browser whose queue holds these events already, before a server that does not take them yet. */
const withQueue = (events, { server = new Server(), ...local } = {}) => {
  server.mood = () => reply(503, "");
  return pairedBrowser({ server, queue: events.map((one) => ({ event: one })), ...local });
};

async function heal(browser) {
  browser.server.mood = () => undefined;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
}

test("one bad event is set aside with its reason and blocks nothing", async () => {
  const [first, bad, last] = [event("save", "2501.00001"), event("save", BAD_PAPER), event("hide", "2501.00003")];
  const browser = await withQueue([first, bad, last]);
  await heal(browser);
  expect(browser.server.events).toEqual([first, last]);
  expect(waiting(browser)).toEqual([]);
  expect(browser.local.dead).toMatchObject([{ event: bad, error: { code: "invalid" } }]);
  expect(browser.badge).toBe("!");
  const { lines } = await browser.ask(FROM_OWN.deadList, {}, OWN);
  expect(lines).toHaveLength(1);
  await browser.ask(FROM_OWN.deadSettle, { id: bad.id, retry: false }, OWN);
  expect(browser.local.dead).toEqual([]);
});

test("refused events are kept, and of too many of them only those go that were not pressed", async () => {
  const letters = [...papers(499).map((paper) => event("impression", paper)), event("save", "2503.00001")];
  const dead = letters.map((one) => ({ event: one, error: { code: "invalid", message: "" }, at: 1 }));
  const browser = await withQueue([event("save", BAD_PAPER), event("hide", BAD_PAPER)], { dead });
  await heal(browser);
  expect(browser.local.dead).toHaveLength(500);
  expect(browser.local.dead.filter((one) => one.event.kind !== "impression")).toHaveLength(3);
});

test("that refused events were let go for lack of room is told, until all of them are settled", async () => {
  const opens = papers(3).map((paper) => event("open", paper));
  const letters = papers(500).map((paper) => event("save", paper));
  const dead = [...opens, ...letters]
    .map((one) => ({ event: one, error: { code: "invalid", message: "" }, at: 1 }))
    .slice(0, 500);
  const browser = await withQueue([event("save", BAD_PAPER), event("hide", BAD_PAPER)], { dead });
  await heal(browser);
  expect((await browser.ask(FROM_OWN.deadList, {}, OWN)).dropped).toBe(2);
  browser.local.dead = browser.local.dead.slice(0, 1);
  await browser.ask(FROM_OWN.deadSettle, { id: browser.local.dead[0].event.id, retry: false }, OWN);
  expect((await browser.ask(FROM_OWN.deadList, {}, OWN)).dropped).toBe(0);
});
