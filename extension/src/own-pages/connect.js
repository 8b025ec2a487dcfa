/** The form that pairs this browser, on the options and the welcome page; every step tried is shown. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";
import { readAddress } from "./address.js";
import { typedServer } from "./agreement.js";
import { clearStaleWhose, showWhose, watchLink } from "./whose.js";
import { byId } from "./own-page.js";

/**
 * The name of the first pattern that matches.
 * @param {string} agent
 * @param {readonly (readonly [RegExp, string])[]} patterns
 */
const matchName = (agent, patterns) => patterns.find(([pattern]) => pattern.test(agent))?.[1] ?? "";

/** @type {[RegExp, string][]} */
const BROWSERS = [
  [/Firefox/, "Firefox"],
  [/Edg\//, "Edge"],
  [/(?:)/, "Chromium"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/Windows/, "Windows"],
  [/Mac OS/, "macOS"],
  [/Android/, "Android"],
  [/(?:)/, "Linux"],
];

/** A name by which the reader recognises this browser. */
function suggestName() {
  const agent = navigator.userAgent;
  return text("own_browser_name", matchName(agent, BROWSERS), matchName(agent, SYSTEMS));
}

/** @param {{step: string, ok: boolean, message: string}[]} steps */
const showSteps = (steps) =>
  byId("steps").replaceChildren(...steps.map(({ ok, message }) => make("li", { class: ok ? "good" : "bad" }, message)));

/**
 * For a server on another machine, ask the browser for its exact origin, within the reader's own press. We do not ask
 * while plain http to it is unconfirmed: pairing would be refused.
 * @param {string} typed
 * @param {boolean} isPlainOk
 */
async function requestOrigin(typed, isPlainOk) {
  const server = readAddress(typed);
  if (!server || server.isLocal || (server.plain && !isPlainOk)) return;
  const { protocol, hostname } = new URL(server.origin);
  // A "no" is no obstacle: the server's CORS answer is enough. Firefox allows no port in origins.
  for (const origin of new Set([`${server.origin}/*`, `${protocol}//${hostname}/*`])) {
    try {
      await browser().permissions.request({ origins: [origin] });
      return;
    } catch {
      continue;
    }
  }
}

/**
 * Start the form.
 * @param {() => void} onPaired
 */
export function connectForm(onPaired) {
  const form = byId("connect");
  byId("device").value = suggestName();
  watchLink();
  form.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!byId("agreed").checked) return showSteps([{ step: "agree", ok: false, message: text("own_agree_first") }]);
    const address = byId("address").value;
    byId("submit").disabled = true;
    await requestOrigin(address, byId("plain").checked);
    await showWhose();
    const reply = await send(FROM_OWN.pairConnect, {
      address,
      code: byId("code").value,
      name: byId("device").value.trim() || suggestName(),
      plain_http_ok: byId("plain").checked,
      agreed: typedServer(),
    });
    byId("submit").disabled = false;
    const steps = reply.ok ? reply.steps : [{ step: "address", ok: false, message: reply.error.message }];
    showSteps(steps);
    byId("plain-row").hidden = !reply.needs_confirmation && !byId("plain").checked;
    if (steps.at(-1)?.step === "kept") {
      byId("address").value = byId("code").value = "";
      clearStaleWhose();
      onPaired();
    }
  });
}
