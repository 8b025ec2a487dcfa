/** Whom the link in the form is for, told before it is used, so that nobody becomes somebody else without knowing. */

import { text } from "../browser.js";
import { FROM_OWN, withTimeout, send } from "../messages.js";
import { typedServer } from "./agreement.js";
import { byId } from "./own-page.js";

const MOST_NAMES = 5;

/** @param {import("../messages.js").Whose} whose @returns {string} */
function sentence({ reader_id: reader, operator, devices }) {
  if (!reader) return text(operator ? "own_whose_first" : "own_whose_new");
  const names = devices.slice(0, MOST_NAMES).join(", ") || text("own_whose_no_browser");
  const all = devices.length > MOST_NAMES ? text("own_whose_more", names, devices.length - MOST_NAMES) : names;
  return text(operator ? "own_whose_operator" : "own_whose_reader", all);
}

/** What the form says of the link. */
const typedLink = () => ({
  address: byId("address").value,
  code: byId("code").value,
  plain_http_ok: byId("plain").checked,
  agreed: typedServer(),
});

let asked = "";
/** @type {Promise<void>} */
let telling = Promise.resolve();

/** @param {object} link @param {string} key */
async function ask(link, key) {
  const reply = await withTimeout(send(FROM_OWN.pairWhose, link));
  // The form may hold another link by now. A server that did not say may be asked again.
  if (key !== asked) return;
  if (reply.whose) byId("whose").textContent = sentence(reply.whose);
  else asked = "";
}

/** Forget what was told, unless it is of the link in the form. */
export function forgetOther() {
  if (JSON.stringify(typedLink()) === asked) return;
  asked = "";
  byId("whose").textContent = "";
}

/** Ask the link's own server whom the link is for, and tell it; nothing is told where it does not say. */
export function tellWhose() {
  forgetOther();
  if (asked) return telling;
  asked = JSON.stringify(typedLink());
  telling = ask(typedLink(), asked);
  return telling;
}

/** Ask as soon as the reader has agreed and has the whole link there: a half-typed address is another server's. */
export function watchLink() {
  const askOnceAgreed = () => byId("agreed").checked && tellWhose();
  for (const id of ["address", "code", "plain", "agreed"]) byId(id).addEventListener("change", askOnceAgreed);
  for (const id of ["address", "code"]) {
    byId(id).addEventListener("input", (/** @type {InputEvent} */ { inputType }) => {
      forgetOther();
      if (/^insertFrom(Paste|Drop)$/.test(inputType)) askOnceAgreed();
    });
  }
}
