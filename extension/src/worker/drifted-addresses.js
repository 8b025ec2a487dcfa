/** Addresses whose page no longer looks as we know it, until it does again or the browser is closed. */

import { session } from "../storage.js";

const MAX_DRIFTED = 50;

/**
 * A page's address without its fragment; "" for one with a query, which is stored nowhere.
 * @param {string} [url]
 */
function addressOf(url = "") {
  if (!URL.canParse(url)) return "";
  const { origin, pathname, search } = new URL(url);
  return search ? "" : origin + pathname;
}

/**
 * Whether the page at this very address is to be left alone from its beginning.
 * @param {string} [url]
 */
export const hasDrifted = async (url) => (await session.get("drifted")).includes(addressOf(url));

/** @param {string | undefined} url @param {boolean} isDrift */
export async function rememberDrift(url, isDrift) {
  const address = addressOf(url);
  if (!address || (await hasDrifted(url)) === isDrift) return;
  await session.change("drifted", (addresses) =>
    isDrift ? [...addresses, address].slice(-MAX_DRIFTED) : addresses.filter((one) => one !== address),
  );
}
