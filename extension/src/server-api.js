/**
 * The only file that speaks to our server. Every failure becomes a `ServerError` whose `kind` says what to do about it.
 */

import { text, version } from "./browser.js";

const PATIENCE_MS = 15_000;
const API = 1;

/**
 * @typedef {"network" | "server" | "garbage" | "limited" | "revoked" | "old_client" | "old_server" | "too_large" |
 * "refused"} Kind
 */

/** An expected failure of a call. */
export class ServerError extends Error {
  /**
   * @param {Kind} kind
   * @param {string} message for the reader
   * @param {{status?: number, code?: string, field?: string, retryAfter?: number, isOurs?: boolean}} [more]
   *   `retryAfter` in
   *   seconds; `isOurs`: our server said so itself, not something in its place or before it
   */
  constructor(kind, message, more = {}) {
    super(message);
    this.kind = kind;
    this.status = more.status;
    this.code = more.code ?? kind;
    this.field = more.field;
    this.retryAfter = more.retryAfter;
    this.isOurs = more.isOurs ?? false;
  }

  /** True if the same call may do better later, unchanged: here, or on a newer server. */
  get passes() {
    return this.kind !== "refused" && this.kind !== "too_large" && this.kind !== "revoked";
  }
}

/** What a status says whoever it comes from: our server or a proxy before it. @type {Record<number, Kind>} */
const ANYBODYS = { 413: "too_large", 429: "limited" };
/** What a status says only where our server's own error comes with it. @type {Record<number, Kind>} */
const OURS = { 401: "revoked", 426: "old_client" };

/** @param {Response} response @returns {Promise<any>} the body, or undefined where it is not JSON */
async function bodyOf(response) {
  try {
    return JSON.parse(await response.text());
  } catch {
    return undefined;
  }
}

/** @param {Response} response @param {any} body */
function failure(response, body) {
  const told = typeof body?.error?.code === "string" ? body.error : {};
  const kind =
    ANYBODYS[response.status] ??
    (response.status >= 500 ? "server" : told.code ? (OURS[response.status] ?? "refused") : "garbage");
  // A proxy's sign-in page or a stray web server: what it says is not ours to show.
  const message = typeof told.message === "string" ? told.message : text(`worker_error_${kind}`);
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return new ServerError(kind, message, {
    status: response.status,
    code: told.code,
    field: told.field,
    retryAfter,
    isOurs: Boolean(told.code),
  });
}

/**
 * @param {{serverUrl: string, token?: string}} server
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>} the answer's JSON; undefined for an answer without a body
 * @throws {ServerError}
 */
export async function call({ serverUrl, token }, method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Inkling-Client": `extension/${version()}` };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  let response;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(serverUrl + path, {
      method,
      headers,
      body: sent,
      signal,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    throw new ServerError("network", text("worker_error_network"), { code: String(error) });
  }
  if (response.status === 204) return undefined;
  const answer = await bodyOf(response);
  if (!response.ok) throw failure(response, answer);
  if (answer === null || typeof answer !== "object") throw new ServerError("garbage", text("worker_error_garbage"));
  return answer;
}

/**
 * Is an Inkling server there, of a version we can speak to?
 * @param {string} serverUrl
 * @returns {Promise<{version: string}>}
 * @throws {ServerError}
 */
export async function greet(serverUrl) {
  const answer = await call({ serverUrl }, "GET", "/healthz");
  if (answer.status !== "ok" || typeof answer.api !== "number")
    throw new ServerError("garbage", text("worker_error_not_inkling"));
  if (answer.api < API) throw new ServerError("old_server", text("worker_error_old_server", answer.version));
  if (isOlder(version(), answer.min_client)) throw new ServerError("old_client", text("worker_error_old_client"));
  return answer;
}

/** @param {string} ours @param {unknown} wanted */
function isOlder(ours, wanted) {
  const [left, right] = [ours, String(wanted ?? "0")].map((one) => one.split(".").map(Number));
  for (let at = 0; at < right.length; at++) if ((left[at] ?? 0) !== right[at]) return (left[at] ?? 0) < right[at];
  return false;
}
