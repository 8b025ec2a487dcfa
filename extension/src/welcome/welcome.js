/** The welcome page: allow the site, agree, connect, pick three papers. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { onChanged } from "../storage.js";
import { papersIn } from "../paper-ids.js";
import { make } from "../ui/dom.js";
import { readAddress } from "../own-pages/address.js";
import { askToAgree } from "../own-pages/agreement.js";
import { connectForm } from "../own-pages/connect.js";
import { byId, translatePage } from "../own-pages/own-page.js";
import { isSiteAllowed, requestSite } from "../own-pages/site-permissions.js";
import { drawTopics, topicForm } from "../own-pages/topics.js";

const ENOUGH = 3;
/** @type {Set<string>} */
const picked = new Set();
let isConnected = false;
/** How many events wait for the server paired with until now. */
let waiting = 0;

/** Chromium allows the site at the install; Firefox asks. */
async function drawAllow() {
  byId("allow").hidden = await isSiteAllowed("huggingface");
}

/** Show the server as soon as its address is typed, and which steps are done. */
function drawSteps() {
  const server = readAddress(byId("address").value);
  if (byId("address").value) byId("to").textContent = server ? text("welcome_agree_to", server.origin) : "";
  byId("to").hidden = !byId("to").textContent;
  byId("agree").toggleAttribute("data-done", byId("agreed").checked);
  byId("connection").toggleAttribute("data-done", isConnected);
  byId("pick").toggleAttribute("data-done", picked.size >= ENOUGH);
  document.querySelector(".go a")?.classList.toggle("main", picked.size >= ENOUGH);
}

/**
 * @param {string} paper
 * @param {string} [title]
 * @returns {Promise<boolean>} whether it is saved
 */
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
function paperLine({ paper }) {
  const onclick = async () => {
    if (!(await pick(paper.id, paper.title ?? undefined))) return;
    button.disabled = true;
    button.textContent = text("page_sign_saved");
  };
  const button = make("button", { onclick }, text("page_save"));
  return make("li", { class: "line" }, make("span", {}, paper.title ?? paper.id), button);
}

/** Once connected, show papers to pick from. */
async function drawPapers() {
  isConnected = true;
  const reply = await send(FROM_OWN.status);
  if (reply.ok) takeAgreement(reply.status);
  byId("pick").hidden = false;
  drawSteps();
  await Promise.all([drawRecommended(), drawTopics(say)]);
}

async function drawRecommended() {
  const { items = [] } = await send(FROM_OWN.recommend, { limit: 12 });
  byId("papers").replaceChildren(...items.map(paperLine));
}

/** Another server than the one agreed to before must be agreed to anew. */
const setAgreed = askToAgree((other) => {
  drawSteps();
  byId("other").hidden = !other;
  byId("other").textContent = other ? text("options_agree_other", other, waiting) : "";
});

/** @param {any} status */
function takeAgreement(status) {
  waiting = status.waiting;
  setAgreed(status.agreed);
}

/**
 * Fill in the address that a lab's policy names, unless the reader has typed one.
 * @param {any} status
 */
function fillInAddress({ paired, managed }) {
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

topicForm(say, drawRecommended);

byId("allow-site").addEventListener("click", async () => {
  await requestSite("huggingface");
  await drawAllow();
});

for (const [id, name] of [
  ["address", "input"],
  ["agreed", "change"],
])
  byId(id).addEventListener(name, drawSteps);
translatePage();
connectForm(drawPapers);
await drawAllow();
const { ok, status } = await send(FROM_OWN.status);
if (ok) takeAgreement(status);
if (ok && status.paired) await drawPapers();
if (ok) fillInAddress(status);
if (ok && status.paired) byId("to").textContent = text("welcome_agree_to", status.serverUrl);
// This page opens right after the install, when the browser may not have read its policies yet.
onChanged(async (changes) => {
  const reply = changes.managed ? await send(FROM_OWN.status) : null;
  if (reply?.ok) fillInAddress(reply.status);
});
