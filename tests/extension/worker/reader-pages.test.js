import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { OWN, SERVER, end, example, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const open = (browser, page) => browser.ask(FROM_OWN.openPage, { page }, OWN);
const { response } = example("POST /v1/session-links");
const secret = response.url.split("#")[1];

test.each(["library", "interests", "ledger", "settings"])("%s is opened by a link that works once", async (page) => {
  const browser = await pairedBrowser();
  expect(await open(browser, page)).toEqual({ ok: true });
  expect(browser.server.requests.at(-1)).toMatchObject({
    method: "POST",
    path: "/v1/session-links",
    body: { page },
    headers: { Authorization: "Bearer token" },
  });
  expect(browser.opened).toEqual([`${SERVER}/session?to=${page}#${secret}`]);
});

test("the first page has no name", async () => {
  const browser = await pairedBrowser();
  await open(browser, "");
  expect(browser.server.requests.at(-1).body).toEqual({});
  expect(browser.opened).toEqual([`${SERVER}/session#${secret}`]);
});

test("no answer of a server leads elsewhere", async () => {
  const browser = await pairedBrowser();
  const answers = [
    { url: `https://evil.example/session?to=library#${secret}` },
    { url: "https://evil.example/" },
    { url: `https://evil.example/#${"/".repeat(40)}` },
    { url: 7 },
    {},
  ];
  browser.server.mood = ({ path }) => (path === "/v1/session-links" ? reply(201, answers.shift()) : undefined);
  expect(await open(browser, "library")).toEqual({ ok: true });
  for (const _ of Array(4)) expect(await open(browser, "library")).toMatchObject({ error: { code: "garbage" } });
  expect(browser.opened).toEqual([`${SERVER}/session?to=library#${secret}`]);
});

test("a silent server, one without pages, and no server are told in words, and nothing opens", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = () => reply(503, "");
  expect((await open(browser, "")).error.message).toMatch(/^The server has a problem/);
  const unknown = { error: { code: "not_found", message: "No such call.", request_id: "r" } };
  browser.server.mood = ({ path }) => (path === "/v1/session-links" ? reply(404, unknown) : undefined);
  expect((await open(browser, "")).error.message).toBe(
    "This server has no pages of its own yet: its operator has to update it.",
  );
  await browser.store({ token: "" });
  expect((await open(browser, "")).error.message).toBe("This browser is not paired with a server yet.");
  expect(browser.opened).toEqual([]);
});

test("only pages that are ours to open are asked for", async () => {
  const browser = await pairedBrowser();
  for (const page of ["operator", "https://evil.example", "library#x", undefined, 7])
    expect((await open(browser, page)).ok).toBe(false);
  expect(browser.server.sent("/v1/session-links")).toEqual([]);
});
