/** Shows whom the pairing link in the form is for, before it is used: nobody becomes another reader unknowingly. */

import { text } from "../browser.js";
import { FROM_OWN, withTimeout, send } from "../messages.js";
import { typedServer } from "./agreement.js";
import { byId } from "./own-page.js";

const MAX_NAMES = 5;

/**
 * @param {import("../messages.js").Whose} whose
 * @returns {string}
 */
function describe({ reader_id: reader, operator, devices }) {
  if (!reader) return text(operator ? "own_whose_first" : "own_whose_new");
  const names = devices.slice(0, MAX_NAMES).join(", ") || text("own_whose_no_browser");
  const all = devices.length > MAX_NAMES ? text("own_whose_more", names, devices.length - MAX_NAMES) : names;
  return text(operator ? "own_whose_operator" : "own_whose_reader", all);
}

/** The link, as the form has it. */
const typedLink = () => ({
  address: byId("address").value,
  code: byId("code").value,
  plain_http_ok: byId("plain").checked,
  agreed: typedServer(),
});

/** The link last asked about. */
let askedKey = "";
/** @type {Promise<void>} */
let answer = Promise.resolve();

/**
 * @param {object} link
 * @param {string} key
 */
async function lookUp(link, key) {
  const reply = await withTimeout(send(FROM_OWN.pairWhose, link));
  // The form may hold another link by now. A server that did not answer may be asked again.
  if (key !== askedKey) return;
  if (reply.whose) byId("whose").textContent = describe(reply.whose);
  else askedKey = "";
}

/** Clear the answer if the form holds another link by now. */
export function clearStaleWhose() {
  if (JSON.stringify(typedLink()) === askedKey) return;
  askedKey = "";
  byId("whose").textContent = "";
}

/** Ask the link's own server whom the link is for, and show it. Without an answer nothing is shown. */
export function showWhose() {
  clearStaleWhose();
  if (askedKey) return answer;
  askedKey = JSON.stringify(typedLink());
  answer = lookUp(typedLink(), askedKey);
  return answer;
}

/** Ask once the reader has agreed and the link is complete: a half-typed address may be another server's. */
export function watchLink() {
  const askOnceAgreed = () => byId("agreed").checked && showWhose();
  for (const id of ["address", "code", "plain", "agreed"]) byId(id).addEventListener("change", askOnceAgreed);
  for (const id of ["address", "code"]) {
    byId(id).addEventListener("input", (/** @type {InputEvent} */ { inputType }) => {
      clearStaleWhose();
      if (/^insertFrom(Paste|Drop)$/.test(inputType)) askOnceAgreed();
    });
  }
}
