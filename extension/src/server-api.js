/** The only file that calls our server. Every failure becomes a `ServerError` whose `kind` says what to do about it. */

import { text, version } from "./browser.js";

const TIMEOUT_MS = 15_000;
/** The version of the API that this extension speaks. */
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
   *   `retryAfter` in seconds; `isOurs`: our server said so itself, not a proxy or another web server
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

  /** Whether the same call may succeed later, unchanged: when the server is well again, or newer. */
  get passes() {
    return this.kind !== "refused" && this.kind !== "too_large" && this.kind !== "revoked";
  }
}

/** What a status means whoever it comes from, our server or a proxy. @type {Record<number, Kind>} */
const KIND_FROM_ANYBODY = { 413: "too_large", 429: "limited" };
/** What a status means only if it brings our server's own error. @type {Record<number, Kind>} */
const KIND_FROM_US = { 401: "revoked", 426: "old_client" };

/** @param {Response} response @returns {Promise<any>} the body, or undefined where it is not JSON */
async function readBody(response) {
  try {
    return JSON.parse(await response.text());
  } catch {
    return undefined;
  }
}

/** @param {Response} response that is not ok @param {any} body @returns {ServerError} */
function toError(response, body) {
  const ours = typeof body?.error?.code === "string" ? body.error : {};
  const kind =
    KIND_FROM_ANYBODY[response.status] ??
    (response.status >= 500 ? "server" : ours.code ? (KIND_FROM_US[response.status] ?? "refused") : "garbage");
  // What a proxy's sign-in page or a stray web server says is not ours to show.
  const message = typeof ours.message === "string" ? ours.message : text(`worker_error_${kind}`);
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  return new ServerError(kind, message, {
    status: response.status,
    code: ours.code,
    field: ours.field,
    retryAfter,
    isOurs: Boolean(ours.code),
  });
}

/**
 * Call the server once.
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
  /** @type {RequestInit} */
  const request = { method, headers, credentials: "omit", cache: "no-store", redirect: "error" };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(serverUrl + path, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error) => {
      throw new ServerError("network", text("worker_error_network"), { code: String(error) });
    },
  );
  if (response.status === 204) return undefined;
  const answer = await readBody(response);
  if (!response.ok) throw toError(response, answer);
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

/** @param {string} version @param {unknown} least */
function isOlder(version, least) {
  const [left, right] = [version, String(least ?? "0")].map((one) => one.split(".").map(Number));
  for (let at = 0; at < right.length; at++) if ((left[at] ?? 0) !== right[at]) return (left[at] ?? 0) < right[at];
  return false;
}
