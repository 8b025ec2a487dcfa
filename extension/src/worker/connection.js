/** The connection to the server: each call, what it says of the server's health, and when to try again. */

import { text } from "../browser.js";
import { ServerError, call, greet } from "../server-api.js";
import { change, read } from "../storage.js";

const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 300_000;
const MAX_MESSAGE = 400;
/** Whatever a server asks for, it is tried again after a day. */
const MAX_RETRY_AFTER_S = 86_400;

/** @typedef {import("../storage.js").Health} Health */

/** @type {import("../storage.js").Connection} */
const HEALTHY = Object.freeze({ health: "ok", failures: 0, retry_at: 0 });

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
 * The server's address as a key for what is stored of it: whoever wrote the address may have ended it with a slash.
 * @param {{serverUrl: string}} stored
 */
export const hostOf = ({ serverUrl }) => serverUrl.replace(/(?<!\/)\/+$/, "");

/** @returns {Promise<{serverUrl: string, token: string} | null>} null while unpaired */
export async function readServer() {
  const { serverUrl, token } = await read("serverUrl", "token");
  return serverUrl && token ? { serverUrl: hostOf({ serverUrl }), token } : null;
}

/**
 * Call the server as this device, and record what that says of the connection.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {(answer: any) => boolean} [isComplete] whether the answer has what the contract promises
 * @param {string} [host] the only server that may hear it: this browser may have been paired with another meanwhile
 * @returns {Promise<any>}
 * @throws {ServerError}
 */
export async function ask(method, path, body, isComplete = () => true, host) {
  const server = await readServer();
  if (!server || (host !== undefined && server.serverUrl !== host))
    throw new ServerError("revoked", text("worker_error_unpaired"), { code: "unpaired" });
  try {
    const answer = await call(server, method, path, body);
    if (!isComplete(answer)) throw new ServerError("garbage", text("worker_error_garbage"));
    await recordSuccess(server.token);
    return answer;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const cause = isUnknownCall(error, method) ? await findCause(error, server.serverUrl) : error;
    await recordFailure(cause, server.token);
    throw cause;
  }
}

/**
 * Whether the server knows no such call: a path that we post to names no paper or event that could be missing.
 * @param {ServerError} error
 * @param {string} method
 */
const isUnknownCall = ({ kind, status }, method) =>
  kind === "refused" && (status === 405 || (status === 404 && method === "POST"));

/**
 * A server that does not know a call may be older than this extension.
 * @param {ServerError} error
 * @param {string} serverUrl
 * @returns {Promise<ServerError>}
 */
const findCause = (error, serverUrl) =>
  greet(serverUrl).then(
    () => error,
    (cause) => (cause instanceof ServerError ? cause : Promise.reject(cause)),
  );

/** Record that the server answers, yet refused all that waits. @param {ServerError} error */
export async function recordUnsent(error) {
  const server = await readServer();
  if (server && !HEALTH[error.kind]) await recordFailure(error, server.token, "refused");
}

/** Whether an answer is a list of something. @param {any} answer */
export const hasItems = (answer) => Array.isArray(answer?.items);

/** @param {string} token that the call was made with */
const recordSuccess = (token) => changeConnection(token, () => ({ ...HEALTHY }));

/**
 * Record that a call failed, unless the server is well and only refused the request.
 * @param {ServerError} error
 * @param {string} token that the call was made with
 * @param {Health} [byDefault] where the error itself says nothing of the connection
 */
async function recordFailure(error, token, byDefault) {
  const health = HEALTH[error.kind] ?? byDefault;
  if (!health) return;
  await changeConnection(token, ({ failures: before }) => {
    const [failures, at] = [before + 1, Date.now()];
    const retryAfter = Math.min(error.retryAfter ?? 0, MAX_RETRY_AFTER_S) * 1000;
    // Pages have a sentence of their own for a server that does not answer.
    const message = error.kind === "network" ? {} : { message: error.message.slice(0, MAX_MESSAGE) };
    return { health, failures, at, retry_at: at + (retryAfter || backoff(failures)), ...message };
  });
}

/**
 * Change the connection, unless the browser was paired anew meanwhile: what an old token meets says nothing of the new.
 * @param {string} token that the call was made with
 * @param {(connection: import("../storage.js").Connection) => import("../storage.js").Connection} edit
 */
const changeConnection = (token, edit) =>
  change(
    ["connection"],
    (stored) => {
      if (stored.token === token) stored.connection = edit(stored.connection);
    },
    ["token"],
  );

/** Call the server for nothing but to know whether it is there again. */
export const checkServer = () =>
  ask("GET", "/v1/me").catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });

/**
 * Whether it is time to try again: also where the clock has been set back since that time was stored.
 * @param {import("../storage.js").Connection} connection
 */
export const isDue = ({ at = 0, retry_at }) => Date.now() >= retry_at || Date.now() < at;

/**
 * Exponential back-off; the upper half is random, so that many browsers do not come back at once.
 * @param {number} failures
 * @returns {number} milliseconds
 */
function backoff(failures) {
  const longest = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
  return longest / 2 + (Math.random() * longest) / 2;
}

/** Start afresh: another server, another token, or the reader asks. */
export const forgetFailures = () =>
  change(["connection"], (stored) => {
    stored.connection = { ...HEALTHY };
  });
