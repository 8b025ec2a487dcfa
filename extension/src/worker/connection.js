/** Whether the server is there for us: what the last call said, and when to try again. */

import { text } from "../browser.js";
import { ServerError, call } from "../server-api.js";
import { change, read } from "../storage.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;
/** A time to try again further off than any server would ask for was set by a wrong clock. */
const ABSURD_MS = 3_600_000;

/** @typedef {import("../storage.js").Health} Health */

/** @type {Partial<Record<import("../server-api.js").Kind, Health>>} */
const HEALTH = { network: "offline", server: "offline", garbage: "offline", limited: "limited", revoked: "revoked", old_client: "old_client", old_server: "old_server" };

/** The server as what it holds is kept under; whoever wrote the address may have ended it with a slash. @param {{serverUrl: string}} kept */
export const hostOf = ({ serverUrl }) => serverUrl.replace(/\/+$/, "");

/** @returns {Promise<{serverUrl: string, token: string} | null>} null while unpaired */
export async function server() {
  const { serverUrl, token } = await read("serverUrl", "token");
  return serverUrl && token ? { serverUrl: hostOf({ serverUrl }), token } : null;
}

/**
 * Call the server as this device, and keep what that says of the connection.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {(answer: any) => boolean} [isWhole] whether the answer has what the contract promises
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function ask(method, path, body, isWhole = () => true) {
  const to = await server();
  if (!to) throw new ServerError("revoked", text("worker_error_unpaired"), { code: "unpaired" });
  try {
    const answer = await call(to, method, path, body);
    if (!isWhole(answer)) throw new ServerError("garbage", text("worker_error_garbage"));
    await note(null, to.token);
    return answer;
  } catch (error) {
    if (error instanceof ServerError) await note(error, to.token);
    throw error;
  }
}

/** Whether an answer is a list of something. @param {any} answer */
export const hasItems = (answer) => Array.isArray(answer?.items);

/** @param {ServerError | null} error what a call ended with @param {string} token the one it was made with */
function note(error, token) {
  const health = error ? HEALTH[error.kind] : "ok";
  if (!health) return undefined; // The server is well; it is the request that it refused.
  return change(
    ["connection"],
    (kept) => {
      if (kept.token !== token) return; // Paired anew meanwhile: what the old token met says nothing.
      const failures = error ? kept.connection.failures + 1 : 0;
      const retry_at = error ? Date.now() + (error.retryAfter ? error.retryAfter * 1000 : wait(failures)) : 0;
      // That nothing answers is said where it is shown.
      kept.connection = error && error.kind !== "network" ? { health, failures, retry_at, message: error.message } : { health, failures, retry_at };
    },
    ["token"],
  );
}

/** Ask for nothing, to know whether the server is there again. */
export const look = () =>
  ask("GET", "/v1/me").catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });

/** Whether it is time to try again. @param {import("../storage.js").Connection} connection */
export function isDue({ retry_at }) {
  const left = retry_at - Date.now();
  return left <= 0 || left > ABSURD_MS;
}

/** Exponential back-off with full jitter in its upper half, so that many browsers do not come back at once. @param {number} failures */
function wait(failures) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
  return longest / 2 + (Math.random() * longest) / 2;
}

/** Start afresh: another server, another token, or the reader asks. */
export const forgetFailures = () =>
  change(["connection"], (kept) => {
    kept.connection = { health: "ok", failures: 0, retry_at: 0 };
  });
