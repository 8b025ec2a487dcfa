import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { readAddress } from "../../../extension/src/own-pages/address.js";
import { OWN, SERVER, end, example, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const CODE = "9FKM-N0J8-V5EK";
const OLD = "https://old.example.org";
const LINK = `${SERVER}/pair#${CODE}`;
const own = (browser, type, fields) => browser.ask(type, fields, OWN);

const connect = (browser, address, more = {}) =>
  own(browser, FROM_OWN.pairConnect, {
    address,
    code: "",
    name: "Chromium on Linux",
    agreed: readAddress(address)?.address,
    ...more,
  });

const fresh = () => pairedBrowser({ serverUrl: "", token: "" });
const steps = ({ steps: told }) => told.map(({ step, ok }) => `${step} ${ok ? "well" : "failed"}`);

test.each([
  [LINK, { address: SERVER, code: CODE, plain: false, isLocal: true }],
  ["  localhost:8765 ", { address: "http://localhost:8765", code: "", plain: false }],
  ["http://[::1]:8765/", { address: "http://[::1]:8765", isLocal: true }],
  [
    "https://lab.example.org/inkling/pair#A%2DB",
    { address: "https://lab.example.org/inkling", code: "A-B", plain: false, isLocal: false },
  ],
  ["https://lab.example.org/pair#%", { code: "%" }],
  ["http://192.168.1.5:8765", { plain: true, isLocal: false }],
  ["http://localhost.example.org", { plain: true, isLocal: false }],
])("%s is read as a person means it", (typed, meant) => {
  expect(readAddress(typed)).toMatchObject(meant);
});

test.each([
  "",
  "ftp://lab.example.org",
  "http://me:secret@lab.example.org",
  "http://",
  "javascript:alert(1)",
  "not an address",
])("%s is no address", (typed) => {
  expect(readAddress(typed)).toBe(null);
});

test("a link pairs: each step is told, and only then anything is kept", async () => {
  const browser = await fresh();
  expect(steps(await connect(browser, LINK))).toEqual([
    "address well",
    "reachable well",
    "code well",
    "token well",
    "kept well",
  ]);
  expect(browser.local).toMatchObject({
    serverUrl: SERVER,
    token: example("POST /v1/devices").response.token,
    agreed: SERVER,
  });
  expect(browser.server.sent("/v1/devices")[0].body).toEqual({ name: "Chromium on Linux", code: CODE });
  expect(browser.server.requests.every(({ headers }) => headers["Inkling-Client"] === "extension/0.1.0")).toBe(true);
});

const nothingKept = (browser) => expect(browser.local).toMatchObject({ serverUrl: "", token: "" });

test("what is no address is refused before anything is asked", async () => {
  const browser = await fresh();
  expect(steps(await connect(browser, "not an address"))).toEqual(["address failed"]);
  expect(browser.server.requests).toEqual([]);
});

test.each([
  [
    "a dead server",
    () => {
      throw new TypeError("Failed to fetch");
    },
    /does not answer/,
  ],
  ["another web server", () => reply(200, "<html>It works!</html>"), /other than Inkling/],
  ["another program's JSON", () => reply(200, { status: "ok" }), /not Inkling/],
  ["a server too old", () => reply(200, { ...example("GET /healthz").response, api: 0 }), /too old for this extension/],
  [
    "a server too new",
    () => reply(200, { ...example("GET /healthz").response, min_client: "9.0.0" }),
    /too old for the server/,
  ],
])("%s fails at being reachable, and is told plainly", async (_, mood, words) => {
  const browser = await fresh();
  browser.server.mood = mood;
  const answer = await connect(browser, LINK);
  expect(steps(answer)).toEqual(["address well", "reachable failed"]);
  expect(answer.steps.at(-1).message).toMatch(words);
  nothingKept(browser);
});

test.each([
  ["a wrong code", `${SERVER}/pair#AAAA-BBBB-CCCC`, /wrong, used or expired/],
  ["no code", SERVER, /wants a pairing code/],
])("%s fails at the code, in the server's words", async (_, link, words) => {
  const browser = await fresh();
  const answer = await connect(browser, link);
  expect(steps(answer).at(-1)).toBe("code failed");
  expect(answer.steps.at(-1).message).toMatch(words);
  nothingKept(browser);
});

test("a token that does not work is not kept", async () => {
  const browser = await fresh();
  browser.server.mood = ({ path }) => (path === "/v1/me" ? reply(500, "") : undefined);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("token failed");
  nothingKept(browser);
});

test("a code that was spent as the server fell silent pairs with the next try", async () => {
  const browser = await fresh();
  browser.server.mood = ({ path }) => (path === "/v1/me" ? reply(500, "") : undefined);
  await connect(browser, LINK);
  browser.server.mood = () => undefined;
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
  expect(browser.server.sent("/v1/devices")).toHaveLength(1);
  // What it was traded for is not at hand any more.
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("code failed");
});

test("plain http to another machine is refused until the reader confirms it", async () => {
  const browser = await fresh();
  const answer = await connect(browser, `http://192.168.1.5:8765/pair#${CODE}`);
  expect(answer).toMatchObject({ needs_confirmation: true });
  expect(browser.server.requests).toEqual([]);
  expect(steps(await connect(browser, `http://192.168.1.5:8765/pair#${CODE}`, { plain_http_ok: true })).at(-1)).toBe(
    "kept well",
  );
});

test("pairing with another server forgets what the first one said", async () => {
  const states = { 2501.00001: { opened_at: null, saved: true, hidden: false } };
  const browser = await pairedBrowser({ serverUrl: OLD, token: "unknown", states });
  await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.local.states["2501.00001"]).toBe(undefined);
});

test("a server is agreed to by its own address, and another one anew, whatever the page says in general", async () => {
  const browser = await fresh();
  for (const agreed of [undefined, "", true, OLD, `${SERVER}.example.org`]) {
    expect(steps(await connect(browser, LINK, { agreed }))).toEqual(["agree failed"]);
  }
  expect(browser.server.requests).toEqual([]);
  await connect(browser, LINK);
  expect((await own(browser, FROM_OWN.status)).status.agreed).toBe(SERVER);
  // Pairing with it again is no new question; with another one it is.
  expect(steps(await connect(browser, `${SERVER}/pair#AAAA-BBBB-CCCC`, { agreed: "" })).at(-1)).toBe("code failed");
  expect(steps(await connect(browser, `${OLD}/pair#AAAA-BBBB-CCCC`, { agreed: SERVER }))).toEqual(["agree failed"]);
});

const whose = async (browser, address, more = {}) =>
  (await own(browser, FROM_OWN.pairWhose, { address, code: "", agreed: readAddress(address)?.address, ...more })).whose;

const answering =
  (status, body) =>
  ({ path }) =>
    path === "/v1/pairing-codes/whose" ? reply(status, body) : undefined;

test("whom a link is for is asked of its own server with the code alone, and the code still pairs", async () => {
  const browser = await fresh();
  expect(await whose(browser, LINK)).toEqual({
    reader_id: "6a6f012c6d4606cc",
    operator: true,
    devices: ["Chromium on Linux"],
  });
  expect(
    browser.server.requests.map(({ method, url, body, headers }) => [method, url, body, "Authorization" in headers]),
  ).toEqual([["POST", `${SERVER}/v1/pairing-codes/whose`, { code: CODE }, false]]);
  nothingKept(browser);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
});

test.each([
  ["a server not agreed to", LINK, { agreed: "" }],
  ["a server when another was agreed to", LINK, { agreed: OLD }],
  ["an address without a code", SERVER, {}],
  ["no address", "not an address", { code: CODE, agreed: "" }],
  ["plain http to another machine", `http://192.168.1.5:8765/pair#${CODE}`, {}],
])("%s is asked for nobody", async (_, address, more) => {
  const browser = await fresh();
  expect(await whose(browser, address, more)).toBe(null);
  expect(browser.server.requests).toEqual([]);
});

test("a server paired with before is not sent the code of another", async () => {
  const browser = await pairedBrowser({ serverUrl: OLD, agreed: OLD });
  browser.server.requests.length = 0;
  expect(await whose(browser, LINK)).not.toBe(null);
  expect(browser.server.requests.map(({ url, headers }) => [url, "Authorization" in headers])).toEqual([
    [`${SERVER}/v1/pairing-codes/whose`, false],
  ]);
});

test.each([
  ["an old server", 404, { error: { code: "not_found", message: "No such page." } }],
  ["a proxy", 200, "<html>Sign in</html>"],
  ["a server in trouble", 503, ""],
  ["a list", 200, []],
  ["an answer of another shape", 200, { reader_id: 7, devices: "many" }],
  ["a wrong code", 403, { error: { code: "bad_code", message: "wrong" } }],
])("%s says nothing of whom a link is for, and pairing goes on", async (_, status, body) => {
  const browser = await fresh();
  browser.server.mood = answering(status, body);
  expect(await whose(browser, LINK)).toBe(null);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
});
