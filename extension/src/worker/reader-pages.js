/** Opens the reader's own pages on the server, signed in by a link that works once. */

import { browser, text } from "../browser.js";
import { ServerError } from "../server-api.js";
import { ask, readServer } from "./connection.js";
import { BadMessage } from "./validate.js";

/** The pages that a link may lead to; "" is the first one, what to read. */
export const PAGES = ["", "library", "interests", "ledger", "settings"];
/** What a link's secret looks like, after the # of its address. */
const SECRET = /^[\w-]{20,200}$/;

/**
 * Open one of the reader's pages in a tab of its own. Its address is made here: of the server's answer only the secret
 * is used, so that no answer leads elsewhere.
 * @param {any} page one of `PAGES`
 * @throws {ServerError} with a sentence for the reader
 */
export async function openReaderPage(page) {
  if (!PAGES.includes(page)) throw new BadMessage("page is missing or malformed");
  const answer = await askForLink(page);
  const server = await readServer();
  const secret = String(answer?.url ?? "").split("#")[1] ?? "";
  if (!server || !SECRET.test(secret)) throw new ServerError("garbage", text("worker_error_garbage"));
  const address = `${server.serverUrl}/session${page && `?to=${page}`}#${secret}`;
  await browser().tabs.create({ url: address });
}

/** @param {string} page @returns {Promise<any>} */
const askForLink = (page) =>
  ask("POST", "/v1/session-links", page ? { page } : {}).catch((error) => {
    const isUnknown = error instanceof ServerError && (error.status === 404 || error.status === 405);
    throw isUnknown ? new ServerError("old_server", text("worker_pages_old_server")) : error;
  });
