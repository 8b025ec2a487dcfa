/** The first minute: allow the site, agree, connect, pick three papers. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { onChanged } from "../storage.js";
import { papersIn } from "../paper-id.js";
import { make } from "../ui/dom.js";
import { readAddress } from "../own/address.js";
import { askToAgree } from "../own/agreement.js";
import { connectForm } from "../own/connect.js";
import { byId, translatePage } from "../own/own-page.js";

const SITE = { origins: ["https://huggingface.co/papers*"] };
const ENOUGH = 3;
/** @type {Set<string>} */
const picked = new Set();
let isConnected = false;
/** How much waits for the server paired with until now. */
let waiting = 0;

/** Firefox lets the reader decide about sites; Chromium has allowed it at the install. */
async function askForSite() {
  byId("allow").hidden = await browser()
    .permissions.contains(SITE)
    .catch(() => true);
}

/** To which host it would go, as soon as that is typed; and which steps are done. */
function drawSteps() {
  const found = readAddress(byId("address").value);
  if (byId("address").value) byId("to").textContent = found ? text("welcome_agree_to", found.origin) : "";
  byId("to").hidden = !byId("to").textContent;
  byId("agree").toggleAttribute("data-done", byId("agreed").checked);
  byId("connection").toggleAttribute("data-done", isConnected);
  byId("pick").toggleAttribute("data-done", picked.size >= ENOUGH);
  document.querySelector(".go a")?.classList.toggle("main", picked.size >= ENOUGH);
}

/** @param {string} paper @param {string} [title] @returns {Promise<boolean>} whether it is saved */
async function pick(paper, title) {
  const reply = await send(FROM_OWN.act, { kind: "save", paper, title, surface: "import" });
  if (!reply.ok) {
    say(reply.error.message);
    return false;
  }
  picked.add(paper);
  drawSteps();
  say(picked.size < ENOUGH ? text("welcome_picked", picked.size, ENOUGH - picked.size) : text("welcome_enough"));
  return true;
}

/** @param {string} sentence */
const say = (sentence) => {
  byId("picked").textContent = sentence;
};

/** @param {{paper: import("../messages.js").Paper}} item */
function choice({ paper }) {
  const button = make(
    "button",
    {
      onclick: async () => {
        if (!(await pick(paper.id, paper.title ?? undefined))) return;
        button.disabled = true;
        button.textContent = text("page_sign_saved");
      },
    },
    text("page_save"),
  );
  return make("li", { class: "line" }, make("span", {}, paper.title ?? paper.id), button);
}

async function offer() {
  isConnected = true;
  const reply = await send(FROM_OWN.status);
  if (reply.ok) drawAgreed(reply.status);
  byId("pick").hidden = false;
  drawSteps();
  const { items = [] } = await send(FROM_OWN.recommend, { limit: 12 });
  byId("papers").replaceChildren(...items.map(choice));
}

/** A server that is not the one agreed to before is another question. */
const hasAgreed = askToAgree((other) => {
  drawSteps();
  byId("other").hidden = !other;
  byId("other").textContent = other ? text("options_agree_other", other, waiting) : "";
});

/** @param {any} status */
function drawAgreed(status) {
  waiting = status.waiting;
  hasAgreed(status.agreed);
}

/** The address that a lab's policy names, unless the reader has typed one. @param {any} status */
function fillIn({ paired, managed }) {
  if (!paired && managed.serverUrl) byId("address").value ||= managed.serverUrl;
  drawSteps();
}

byId("paste").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const { ids, unknown } = papersIn(byId("ids").value);
  for (const id of ids) await pick(id);
  byId("ids").value = unknown.join("\n");
  if (unknown.length) say(text("welcome_not_ids", unknown.join(", ")));
});

byId("topic").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const reply = await send(FROM_OWN.interestsAdd, { interests: [byId("interest").value] });
  if (!reply.ok) return say(reply.error.message);
  say(text("welcome_interest_kept", byId("interest").value));
  byId("interest").value = "";
  await offer();
});

byId("allow-site").addEventListener("click", async () => {
  await browser().permissions.request(SITE);
  await askForSite();
});

for (const [id, name] of [
  ["address", "input"],
  ["agreed", "change"],
])
  byId(id).addEventListener(name, drawSteps);
translatePage();
connectForm(offer);
await askForSite();
const { ok, status } = await send(FROM_OWN.status);
if (ok) drawAgreed(status);
if (ok && status.paired) await offer();
if (ok) fillIn(status);
if (ok && status.paired) byId("to").textContent = text("welcome_agree_to", status.serverUrl);
// This page comes right after the install, when the browser may not know its policies yet.
onChanged(async (changes) => {
  const reply = changes.managed ? await send(FROM_OWN.status) : null;
  if (reply?.ok) fillIn(reply.status);
});
