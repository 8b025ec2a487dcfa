/** Whether the server is there for us: what the last call said, and when to try again. */

import { ServerError, call } from "../server-api.js";
import { change, read } from "../storage.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 300_000;

/** @typedef {import("../storage.js").Health} Health */

/** @type {Partial<Record<import("../server-api.js").Kind, Health>>} */
const HEALTH = { network: "offline", server: "offline", garbage: "offline", limited: "limited", revoked: "revoked", old_client: "old_client", old_server: "old_server" };

/** @returns {Promise<{serverUrl: string, token: string} | null>} null while unpaired */
export async function server() {
  const { serverUrl, token } = await read("serverUrl", "token");
  return serverUrl && token ? { serverUrl: serverUrl.replace(/\/+$/, ""), token } : null;
}

/**
 * Call the server as this device, and keep what that says of the connection.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function ask(method, path, body) {
  const to = await server();
  if (!to) throw new ServerError("revoked", "unpaired", { code: "unpaired" });
  try {
    const answer = await call(to, method, path, body);
    await note(null);
    return answer;
  } catch (error) {
    if (error instanceof ServerError) await note(error);
    throw error;
  }
}

/** @param {ServerError | null} error what a call ended with */
function note(error) {
  const health = error ? HEALTH[error.kind] : "ok";
  if (!health) return undefined; // The server is well; it is the request that it refused.
  return change(["connection"], (kept) => {
    const failures = error ? kept.connection.failures + 1 : 0;
    const retry_at = error ? Date.now() + (error.retryAfter ? error.retryAfter * 1000 : wait(failures)) : 0;
    kept.connection = error && health !== "offline" ? { health, failures, retry_at, message: error.message } : { health, failures, retry_at };
  });
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
