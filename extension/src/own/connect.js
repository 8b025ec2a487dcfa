/** The form that pairs this browser, on the options and the welcome page: every step is shown as it was tried. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";
import { readAddress } from "./address.js";
import { typedServer } from "./agreement.js";
import { forgetOther, tellWhose, watchLink } from "./whose.js";
import { byId } from "./own-page.js";

/** A name for this browser that its owner knows again. */
function nameOfThisBrowser() {
  const agent = navigator.userAgent;
  const name = /Firefox/.test(agent) ? "Firefox" : /Edg\//.test(agent) ? "Edge" : "Chromium";
  const system = /Windows/.test(agent)
    ? "Windows"
    : /Mac OS/.test(agent)
      ? "macOS"
      : /Android/.test(agent)
        ? "Android"
        : "Linux";
  return text("own_browser_name", name, system);
}

/** @param {{step: string, ok: boolean, message: string}[]} steps */
const showSteps = (steps) =>
  byId("steps").replaceChildren(...steps.map(({ ok, message }) => make("li", { class: ok ? "good" : "bad" }, message)));

/**
 * A server on another machine: the browser is asked for its exact origin, within the reader's own press; not for one
 * that
 * will be refused as long as plain http to it is not confirmed.
 * @param {string} typed
 * @param {boolean} plainOk
 */
async function askForOrigin(typed, plainOk) {
  const found = readAddress(typed);
  if (!found || found.isLocal || (found.plain && !plainOk)) return;
  const { protocol, hostname } = new URL(found.origin);
  // Without it the server's own CORS answer must do, so a "no" is no obstacle. Firefox knows no ports in origins.
  for (const origin of new Set([`${found.origin}/*`, `${protocol}//${hostname}/*`])) {
    try {
      await browser().permissions.request({ origins: [origin] });
      return;
    } catch {
      continue;
    }
  }
}

/**
 * @param {() => void} paired called when everything was kept
 */
export function connectForm(paired) {
  const form = byId("connect");
  byId("device").value = nameOfThisBrowser();
  watchLink();
  form.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!byId("agreed").checked) return showSteps([{ step: "agree", ok: false, message: text("own_agree_first") }]);
    const address = byId("address").value;
    byId("submit").disabled = true;
    await askForOrigin(address, byId("plain").checked);
    await tellWhose();
    const asked = {
      address,
      code: byId("code").value,
      name: byId("device").value.trim() || nameOfThisBrowser(),
      plain_http_ok: byId("plain").checked,
      agreed: typedServer(),
    };
    const reply = await send(FROM_OWN.pairConnect, asked);
    byId("submit").disabled = false;
    const steps = reply.ok ? reply.steps : [{ step: "address", ok: false, message: reply.error.message }];
    showSteps(steps);
    byId("plain-row").hidden = !reply.needs_confirmation && !byId("plain").checked;
    if (steps.at(-1)?.step === "kept") {
      byId("address").value = byId("code").value = "";
      forgetOther();
      paired();
    }
  });
}
