import { afterEach, expect, test, vi } from "vitest";
import { standIn } from "../../extension/src/browser.js";
import { call, greet } from "../../extension/src/server-api.js";

const SERVER = { serverUrl: "https://papers.example.org", token: "secret" };

/** Have the server answer so, and ask it once. */
async function ask(status, body, headers = {}) {
  standIn({
    i18n: { getMessage: (key) => `the words of ${key}` },
    runtime: { id: "us", getManifest: () => ({ version: "0.2.0" }) },
  });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const fetch = vi.fn(async () => new Response(status === 204 ? null : text, { status, headers }));
  vi.stubGlobal("fetch", fetch);
  return { fetch, answer: await call(SERVER, "POST", "/v1/rank", { papers: [] }).catch((error) => error) };
}

afterEach(() => {
  standIn(undefined);
  vi.unstubAllGlobals();
});

const OURS = { error: { code: "code", message: "Said by the server.", field: "papers" } };

test.each([
  [401, OURS, "revoked"],
  [401, "a proxy's page", "garbage"],
  [404, OURS, "refused"],
  [413, "a proxy's page", "too_large"],
  [426, OURS, "old_client"],
  [429, "a proxy's page", "limited"],
  [502, "a proxy's page", "server"],
  [200, "a sign-in page", "garbage"],
])("an answer of %i with %j is a failure of the kind %s", async (status, body, kind) => {
  expect((await ask(status, body)).answer.kind).toBe(kind);
});

test("an error of the server's own is told in its words, one of a proxy's in ours", async () => {
  const { answer } = await ask(422, OURS);
  expect(answer).toMatchObject({ message: "Said by the server.", code: "code", field: "papers", isOurs: true });
  const proxys = (await ask(502, "<html>", { "Retry-After": "30" })).answer;
  expect(proxys).toMatchObject({ message: "the words of worker_error_server", retryAfter: 30, isOurs: false });
});

test("a call brings no cookies and follows no redirect, and an empty answer is none", async () => {
  const { fetch, answer } = await ask(204, "");
  expect(answer).toBe(undefined);
  const [url, { credentials, redirect, headers }] = fetch.mock.calls[0];
  expect([url, credentials, redirect]).toEqual(["https://papers.example.org/v1/rank", "omit", "error"]);
  expect(headers).toMatchObject({ Authorization: "Bearer secret", "Inkling-Client": "extension/0.2.0" });
});

test.each([
  [{ status: "ok", api: 1, min_client: "0.2.0" }, undefined],
  [{ status: "ok", api: 1, min_client: "0.10" }, "old_client"],
  [{ status: "ok", api: 0 }, "old_server"],
  [{ status: "ok" }, "garbage"],
])("a server that says %j is greeted with %s", async (health, kind) => {
  await ask(200, health);
  const greeted = await greet(SERVER.serverUrl).catch((error) => error);
  expect(greeted.kind).toBe(kind);
});
