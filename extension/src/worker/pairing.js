/** Pairing: each step is tried and told before anything is stored. */

import { text } from "../browser.js";
import { readAddress } from "../own-pages/address.js";
import { ServerError, call, greet } from "../server-api.js";
import { change, read, session } from "../storage.js";
import { parseWhose } from "./answers.js";
import { hostOf } from "./connection.js";
import { OF_ONE_SERVER, isAgreed, renameServer, sortByServer, waitingElsewhere } from "./servers.js";

/** @typedef {{token: string, reader_id?: string}} Paired */

/**
 * One step of pairing, with one sentence for the reader.
 * @typedef {{step: "agree" | "address" | "reachable" | "code" | "token" | "kept", ok: boolean, message: string}} Step
 */
/** @typedef {{steps: Step[], address?: string, needs_confirmation?: boolean, origin?: string}} Outcome */

/** @param {Step["step"]} step @param {string} message @returns {Step} */
const succeed = (step, message) => ({ step, ok: true, message });

/** @param {Step["step"]} step @param {unknown} why a sentence or a `ServerError` @returns {Step} */
function fail(step, why) {
  if (why instanceof ServerError) return { step, ok: false, message: why.message };
  if (typeof why === "string") return { step, ok: false, message: why };
  throw why;
}

/**
 * Is an Inkling server there? Nothing about the reader is sent.
 * @param {string} typed
 * @param {boolean} plainOk the reader confirmed plain http to another machine
 * @returns {Promise<Outcome & {code: string}>}
 */
export async function probe(typed, plainOk = false) {
  const found = readAddress(typed);
  if (!found) return { steps: [fail("address", text("worker_step_address_bad"))], code: "" };
  const { address, code, plain, origin } = found;
  if (plain && !plainOk) {
    const steps = [fail("address", text("worker_step_plain_http", address))];
    return { steps, address, code, origin, needs_confirmation: true };
  }
  const steps = [succeed("address", address)];
  try {
    const { version } = await greet(address);
    steps.push(succeed("reachable", text("worker_step_reachable", version)));
  } catch (error) {
    steps.push(fail("reachable", error));
  }
  return { steps, address, code, origin };
}

/**
 * Whether the reader has agreed to this server, just now or before.
 * @param {string} address
 * @param {string} agreed the server agreed to just now
 */
const mayReach = async (address, agreed) => agreed === address || isAgreed(await read("agreed", "serverUrl"), address);

/**
 * Find whom a code is for, without using it. As before pairing, only a server that the reader has agreed to is asked,
 * and it is sent the code alone.
 * @param {{address: string, code: string, plain_http_ok?: boolean, agreed?: string}} link
 * @returns {Promise<{whose: import("../messages.js").Whose | null}>} null where the server does not say
 */
export async function findWhose({ address: typed, code: typedCode, plain_http_ok: plainOk = false, agreed = "" }) {
  const found = readAddress(typed);
  const code = (typedCode || (found?.code ?? "")).trim();
  if (!found || !code || (found.plain && !plainOk) || !(await mayReach(found.address, agreed))) return { whose: null };
  try {
    return { whose: parseWhose(await call({ serverUrl: found.address }, "POST", "/v1/pairing-codes/whose", { code })) };
  } catch (error) {
    if (error instanceof ServerError) return { whose: null };
    throw error;
  }
}

const MAX_TOKEN = 500;

/**
 * Trade a code for a token. A code counts once: if the token's first use fails and the reader tries again, the token
 * is at hand.
 * @param {string} address
 * @param {string} code
 * @param {string} name
 * @returns {Promise<Paired>}
 * @throws {ServerError}
 */
async function trade(address, code, name) {
  const before = await session.get("traded");
  if (before?.address === address && before.code === code) return before.paired;
  const answer = await call({ serverUrl: address }, "POST", "/v1/devices", code ? { name, code } : { name });
  if (typeof answer?.token !== "string" || answer.token.length > MAX_TOKEN)
    throw new ServerError("garbage", text("worker_error_garbage"));
  const paired = { token: answer.token, reader_id: String(answer.reader_id ?? "").slice(0, 200) };
  await session.set("traded", { address, code, paired });
  return paired;
}

/**
 * Use a token for the first time. Once it has worked, or is known never to work, the trade is forgotten.
 * @param {string} address
 * @param {string} token
 * @throws {ServerError}
 */
async function tryToken(address, token) {
  try {
    await call({ serverUrl: address, token }, "GET", "/v1/me");
    await session.set("traded", null);
  } catch (error) {
    if (!(error instanceof ServerError && error.passes)) await session.set("traded", null);
    throw error;
  }
}

/**
 * Trade a code for a token, try the token, and only then store both. Only so does a server begin to be sent anything,
 * and only if the reader has agreed to it for this very server.
 * @param {{address: string, code: string, name: string, plain_http_ok?: boolean, agreed?: string}} link `agreed`: the
 *   server agreed to just now
 * @returns {Promise<Outcome>}
 */
export async function connect({ address: typed, code: typedCode, name, plain_http_ok = false, agreed = "" }) {
  const asked = readAddress(typed)?.address ?? "";
  if (asked && !(await mayReach(asked, agreed))) return { steps: [fail("agree", text("own_agree_first"))] };
  const { steps, address, code: linked, ...rest } = await probe(typed, plain_http_ok);
  if (!address || steps.some(({ ok }) => !ok)) return { steps, address, ...rest };
  /** @type {Step["step"]} */
  let step = "code";
  try {
    const paired = await trade(address, (typedCode || linked).trim(), name);
    steps.push(succeed("code", text("worker_step_code")));
    step = "token";
    await tryToken(address, paired.token);
    steps.push(succeed("token", text("worker_step_token")), succeed("kept", describe(await store(address, paired))));
  } catch (error) {
    steps.push(fail(step, error));
  }
  return { steps, address };
}

/**
 * Say that this browser is paired, and what other servers still have to hear of.
 * @param {{deletions: number, waiting: number}} elsewhere
 */
function describe({ deletions, waiting }) {
  const elsewhere = [
    deletions && text("worker_step_left_behind", deletions),
    waiting && text("worker_step_left_waiting", waiting),
  ];
  return [text("worker_step_kept"), ...elsewhere].filter(Boolean).join(" ");
}

/**
 * @param {string} serverUrl
 * @param {Paired} paired
 * @returns {Promise<{deletions: number, waiting: number}>} what other servers still have to hear of
 */
function store(serverUrl, { token, reader_id: reader = "" }) {
  const facts = /** @type {const} */ (["connection", "states", "lists", "ledger", "deletions"]);
  return change([...OF_ONE_SERVER, "serverUrl", "token", "reader", "agreed", ...facts], (stored) => {
    sortByServer(stored);
    const before = hostOf(stored);
    if (before && before !== serverUrl) {
      // The same reader: it is the same server under another address. Another server knows another reader.
      if (reader && stored.reader === reader) moveServer(stored, before, serverUrl);
      else Object.assign(stored, { states: {}, lists: {} });
    }
    const connection = { health: "ok", failures: 0, retry_at: 0 };
    Object.assign(stored, { serverUrl, token, reader, agreed: serverUrl, connection });
    sortByServer(stored);
    return {
      deletions: Object.values(stored.deletions).filter((host) => host !== serverUrl).length,
      waiting: waitingElsewhere(stored),
    };
  });
}

/**
 * The same server has another address now.
 * @param {Pick<import("../storage.js").Stored, "ledger" | "deletions" | "queueOf">} stored changed
 * @param {string} from
 * @param {string} to
 */
function moveServer(stored, from, to) {
  const { ledger, deletions } = stored;
  renameServer(stored, from, to);
  for (const line of ledger) if (line.host === from) line.host = to;
  for (const [id, host] of Object.entries(deletions)) if (host === from) deletions[id] = to;
}
