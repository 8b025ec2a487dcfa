/** Whether the server is there for us: what the last call said, and when to try again. */

import { text } from "../browser.js";
import { ServerError, call, greet } from "../server-api.js";
import { change, read } from "../storage.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;
const LONGEST_MESSAGE = 400;
/** No server is left alone longer, whatever it asks for. */
const LONGEST_ASKED_S = 86_400;

/** @typedef {import("../storage.js").Health} Health */

/** @type {import("../storage.js").Connection} */
const WELL = Object.freeze({ health: "ok", failures: 0, retry_at: 0 });

/** @type {Partial<Record<import("../server-api.js").Kind, Health>>} */
const HEALTH = {
  network: "offline",
  server: "offline",
  garbage: "offline",
  limited: "limited",
  revoked: "revoked",
  old_client: "old_client",
  old_server: "old_server",
};

/**
 * The server as what it holds is kept under; whoever wrote the address may have ended it with a slash. @param
 * {{serverUrl: string}} kept
 */
export const hostOf = ({ serverUrl }) => serverUrl.replace(/(?<!\/)\/+$/, "");

/** @returns {Promise<{serverUrl: string, token: string} | null>} null while unpaired */
export async function readServer() {
  const { serverUrl, token } = await read("serverUrl", "token");
  return serverUrl && token ? { serverUrl: hostOf({ serverUrl }), token } : null;
}

/**
 * Call the server as this device, and keep what that says of the connection.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {(answer: any) => boolean} [isWhole] whether the answer has what the contract promises
 * @param {string} [host] the server that alone may hear it: this browser may have been paired with another meanwhile
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function ask(method, path, body, isWhole = () => true, host) {
  const to = await readServer();
  if (!to || (host !== undefined && to.serverUrl !== host))
    throw new ServerError("revoked", text("worker_error_unpaired"), { code: "unpaired" });
  try {
    const answer = await call(to, method, path, body);
    if (!isWhole(answer)) throw new ServerError("garbage", text("worker_error_garbage"));
    await recordOutcome(null, to.token);
    return answer;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const why = isUnknownCall(error, method) ? await whyUnknown(error, to.serverUrl) : error;
    await recordOutcome(why, to.token);
    throw why;
  }
}

/**
 * Whether the server knows no such call: where we post to, no paper or event is named that could be missing. @param
 * {ServerError} error @param {string} method
 */
const isUnknownCall = ({ kind, status }, method) =>
  kind === "refused" && (status === 405 || (status === 404 && method === "POST"));

/**
 * A server that does not know a call may be older than this extension. @param {ServerError} error @param {string}
 * serverUrl @returns {Promise<ServerError>}
 */
const whyUnknown = (error, serverUrl) =>
  greet(serverUrl).then(
    () => error,
    (said) => (said instanceof ServerError ? said : Promise.reject(said)),
  );

/** What waits was refused as a whole: that is told, though the server answers. @param {ServerError} error */
export async function recordUnsent(error) {
  const to = await readServer();
  if (to && !HEALTH[error.kind]) await recordOutcome(error, to.token, "refused");
}

/** Whether an answer is a list of something. @param {any} answer */
export const hasItems = (answer) => Array.isArray(answer?.items);

/**
 * @param {ServerError | null} error what a call ended with
 * @param {string} token the one it was made with
 * @param {Health} [otherwise] where the error itself says nothing of the connection
 */
function recordOutcome(error, token, otherwise) {
  const health = error ? (HEALTH[error.kind] ?? otherwise) : "ok";
  if (!health) return undefined; // The server is well; it is the request that it refused.
  return change(
    ["connection"],
    (kept) => {
      if (kept.token !== token) return; // Paired anew meanwhile: what the old token met says nothing.
      if (!error) return void (kept.connection = { ...WELL });
      const failures = kept.connection.failures + 1;
      const at = Date.now();
      const asked = Math.min(error.retryAfter ?? 0, LONGEST_ASKED_S) * 1000;
      const retry_at = at + (asked || backoffMs(failures));
      // That nothing answers is said where it is shown.
      kept.connection = {
        health,
        failures,
        at,
        retry_at,
        ...(error.kind === "network" ? {} : { message: error.message.slice(0, LONGEST_MESSAGE) }),
      };
    },
    ["token"],
  );
}

/** Ask for nothing, to know whether the server is there again. */
export const checkServer = () =>
  ask("GET", "/v1/me").catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });

/**
 * Whether it is time to try again: also where the clock has been set back since it was set. @param
 * {import("../storage.js").Connection} connection
 */
export const isDue = ({ at = 0, retry_at }) => Date.now() >= retry_at || Date.now() < at;

/**
 * Exponential back-off with full jitter in its upper half, so that many browsers do not come back at once. @param
 * {number} failures
 */
function backoffMs(failures) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
  return longest / 2 + (Math.random() * longest) / 2;
}

/** Start afresh: another server, another token, or the reader asks. */
export const forgetFailures = () =>
  change(["connection"], (kept) => {
    kept.connection = { ...WELL };
  });
