/** Pairing: each step tried and told before anything is kept. */

import { text } from "../browser.js";
import { ServerError, call, greet } from "../server-api.js";
import { readAddress } from "../own/address.js";
import { change, read, session } from "../storage.js";
import { parseWhose } from "./answers.js";
import { hostOf } from "./connection.js";
import { OF_ONE_SERVER, isAgreed, renameServer, sortByServer, waitingElsewhere } from "./servers.js";

/**
 * @typedef {{step: "agree" | "address" | "reachable" | "code" | "token" | "kept", ok: boolean, message: string}} Step
 */
/** @typedef {{steps: Step[], address?: string, needs_confirmation?: boolean, origin?: string}} Outcome */

/** @param {Step["step"]} step @param {boolean} ok @param {string} message @returns {Step} */
const told = (step, ok, message) => ({ step, ok, message });

/** @param {unknown} error @returns {string} */
function plainly(error) {
  if (error instanceof ServerError) return error.message;
  throw error;
}

/**
 * Is an Inkling server there? Nothing about the reader is sent.
 * @param {string} typed
 * @param {boolean} plainOk the reader confirmed plain http to another machine
 * @returns {Promise<Outcome & {code: string}>}
 */
export async function probe(typed, plainOk = false) {
  const found = readAddress(typed);
  if (!found) return { steps: [told("address", false, text("worker_step_address_bad"))], code: "" };
  const { address, code, plain, origin } = found;
  if (plain && !plainOk) {
    return {
      steps: [told("address", false, text("worker_step_plain_http", address))],
      address,
      code,
      origin,
      needs_confirmation: true,
    };
  }
  const steps = [told("address", true, address)];
  try {
    const { version } = await greet(address);
    steps.push(told("reachable", true, text("worker_step_reachable", version)));
  } catch (error) {
    steps.push(told("reachable", false, plainly(error)));
  }
  return { steps, address, code, origin };
}

/**
 * Whether the reader has agreed to this server, just now or before. @param {string} meant @param {string} agreed to
 * just now
 */
const mayReach = async (meant, agreed) => agreed === meant || isAgreed(await read("agreed", "serverUrl"), meant);

/**
 * Whom a code is for, without using it; null where the server does not say. Only a server that the reader has agreed to
 * is
 * asked, as before pairing, and is sent the code alone.
 * @param {{address: string, code: string, plain_http_ok?: boolean, agreed?: string}} asked
 * @returns {Promise<{whose: import("../messages.js").Whose | null}>}
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

const LONGEST_TOKEN = 500;

/**
 * A code counts once: what it was traded for is at hand when its first use failed and the reader tries again.
 * @param {string} address
 * @param {string} code
 * @param {string} name
 * @returns {Promise<{token: string, reader_id?: string}>}
 */
async function trade(address, code, name) {
  const before = await session.get("traded");
  if (before?.address === address && before.code === code) return before.paired;
  const told = await call({ serverUrl: address }, "POST", "/v1/devices", code ? { name, code } : { name });
  if (typeof told?.token !== "string" || told.token.length > LONGEST_TOKEN)
    throw new ServerError("garbage", text("worker_error_garbage"));
  const paired = { token: told.token, reader_id: String(told.reader_id ?? "").slice(0, 200) };
  await session.set("traded", { address, code, paired });
  return paired;
}

/**
 * Trade a code for a token, try the token, and only then keep both. This is the one way by which a server begins to be
 * sent
 * anything, and it asks that the reader has agreed to it for this very server.
 * @param {{address: string, code: string, name: string, plain_http_ok?: boolean, agreed?: string}} asked `agreed`: the
 *   server agreed to just now
 * @returns {Promise<Outcome>}
 */
export async function connect({ address: typed, code: typedCode, name, plain_http_ok = false, agreed = "" }) {
  const meant = readAddress(typed)?.address ?? "";
  if (meant && !(await mayReach(meant, agreed))) return { steps: [told("agree", false, text("own_agree_first"))] };
  const { steps, address, code: linked, ...rest } = await probe(typed, plain_http_ok);
  if (!address || steps.some(({ ok }) => !ok)) return { steps, address, ...rest };
  const code = (typedCode || linked).trim();
  let paired;
  try {
    paired = await trade(address, code, name);
    steps.push(told("code", true, text("worker_step_code")));
  } catch (error) {
    return { steps: [...steps, told("code", false, plainly(error))], address };
  }
  try {
    await call({ serverUrl: address, token: paired.token }, "GET", "/v1/me");
    steps.push(told("token", true, text("worker_step_token")));
    await session.set("traded", null);
  } catch (error) {
    if (!(error instanceof ServerError && error.passes)) await session.set("traded", null);
    return { steps: [...steps, told("token", false, plainly(error))], address };
  }
  const { deletions, waiting } = await keep(address, paired);
  const behind = [
    deletions && text("worker_step_left_behind", deletions),
    waiting && text("worker_step_left_waiting", waiting),
  ].filter(Boolean);
  return { steps: [...steps, told("kept", true, [text("worker_step_kept"), ...behind].join(" "))], address };
}

/**
 * @param {string} serverUrl @param {{token: string, reader_id?: string}} paired @returns {Promise<{deletions: number,
 * waiting: number}>} what other servers still have to hear of
 */
function keep(serverUrl, { token, reader_id: reader = "" }) {
  return change(
    [
      ...OF_ONE_SERVER,
      "serverUrl",
      "token",
      "reader",
      "agreed",
      "connection",
      "states",
      "lists",
      "ledger",
      "deletions",
    ],
    (kept) => {
      sortByServer(kept);
      const before = hostOf(kept);
      if (before && before !== serverUrl) {
        // The same reader: it is the same server under another address. Another server knows another reader.
        if (reader && kept.reader === reader) move(kept, before, serverUrl);
        else Object.assign(kept, { states: {}, lists: {} });
      }
      Object.assign(kept, {
        serverUrl,
        token,
        reader,
        agreed: serverUrl,
        connection: { health: "ok", failures: 0, retry_at: 0 },
      });
      sortByServer(kept);
      return {
        deletions: Object.values(kept.deletions).filter((host) => host !== serverUrl).length,
        waiting: waitingElsewhere(kept),
      };
    },
  );
}

/**
 * @param {Pick<import("../storage.js").Stored, "ledger" | "deletions" | "queueOf">} kept changed @param {string} from
 * @param {string} to
 */
function move(kept, from, to) {
  const { ledger, deletions } = kept;
  renameServer(kept, from, to);
  for (const line of ledger) if (line.host === from) line.host = to;
  for (const [id, host] of Object.entries(deletions)) if (host === from) deletions[id] = to;
}
