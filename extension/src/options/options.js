/** The options page: pairing, what is logged, keys, devices, what was refused, export and leaving. */

import { text, version } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { askToAgree } from "../own-pages/agreement.js";
import { connectForm } from "../own-pages/connect.js";
import { saveExport } from "../own-pages/export.js";
import { drawLinkMenu, listenToLinkMenuSwitch } from "../own-pages/link-menu.js";
import { drawListSettings, listenToListSettings } from "../own-pages/list-settings.js";
import { ask, byId, formatTime, linkPages, say, translatePage } from "../own-pages/own-page.js";
import { SITES, isSiteAllowed, requestSite } from "../own-pages/site-permissions.js";
import { drawTopics, topicForm } from "../own-pages/topics.js";
import { onChanged } from "../storage.js";
import { make } from "../ui/dom.js";

/**
 * Sites the browser already lets us into. Looked up beforehand: it must be asked right after a press.
 * @type {Set<string>}
 */
const allowedSites = new Set();

/** Actions in the order in which their keys are shown. */
const ACTIONS = ["next", "previous", "save", "hide", "undo", "why", "order"];
/** As last shown: the form folds away once paired, and comes back when it is needed. */
let isPaired = false;
/** The server agreed to before, and how much waits for it. */
let before = { agreed: "", waiting: 0 };

async function drawStatus() {
  const { ok, status } = await send(FROM_OWN.status);
  if (!ok) return;
  drawConnection(status);
  const { waiting, preferences, managed, agreed } = status;
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[name="capture"]')))
    radio.checked = radio.value === preferences.capture;
  before = { agreed, waiting };
  setAgreed(agreed);
  drawSites(preferences.sites, managed.sites ?? SITES);
  byId("upvote").checked = preferences.upvote_is_save;
  byId("foryou").checked = preferences.order === "foryou";
  drawKeys(preferences.shortcuts);
}

/** @param {any} status */
function drawConnection({ paired, serverUrl, connection, waiting, managed }) {
  const how =
    connection.health === "revoked" ? "revoked" : connection.health === "ok" || connection.message ? "ok" : "silent";
  const standing = paired ? text(`options_standing_${how}`, serverUrl) : text("options_standing_none");
  const why = paired && how === "ok" ? connection.message : "";
  byId("standing").textContent = [standing, why, waiting && text("popup_waiting", waiting)].filter(Boolean).join(" ");
  byId("pairing").classList.toggle("first", !paired);
  if (isPaired !== (paired && how !== "revoked")) byId("pairing").open = isPaired;
  isPaired = paired && how !== "revoked";
  if (!paired && managed.serverUrl && !byId("address").value) byId("address").value = managed.serverUrl;
}

/**
 * A server agreed to before needs no box.
 * @param {string} other a server not agreed to yet; "" if there is none
 */
function drawAgreement(other) {
  byId("agree-row").hidden = Boolean(before.agreed) && !other;
  byId("agree-other").textContent = other ? text("options_agree_other", other, before.waiting) : "";
}

const setAgreed = askToAgree(drawAgreement);

/**
 * @param {Record<string, boolean>} on
 * @param {string[]} allowed the sites a lab's policy leaves to the reader
 */
function drawSites(on, allowed) {
  for (const site of SITES)
    Object.assign(byId(`site-${site}`), { checked: on[site], disabled: !allowed.includes(site) });
  byId("sites-left-out").hidden = SITES.every((site) => allowed.includes(site));
}

async function lookUpAllowedSites() {
  for (const site of SITES) {
    if (await isSiteAllowed(site)) allowedSites.add(site);
    else allowedSites.delete(site);
  }
}

/** @param {Record<string, string>} shortcuts */
function drawKeys(shortcuts) {
  if (byId("keys").contains(document.activeElement)) return;
  const fields = ACTIONS.map((action) => {
    const oninput = () => storeKey(action, input.value.trim().toLowerCase());
    const facts = { type: "text", maxlength: 1, "data-key": action, value: shortcuts[action] ?? "" };
    const input = make("input", { ...facts, oninput });
    return make("label", {}, text(`options_key_${action}`), " ", input);
  });
  byId("keys").replaceChildren(...fields);
}

/**
 * One key does one thing: the action that had it before loses it.
 * @param {string} action
 * @param {string} key
 */
function storeKey(action, key) {
  const fields = /** @type {HTMLInputElement[]} */ ([...byId("keys").querySelectorAll("input")]);
  const others = fields.filter((one) => key && one.dataset.key !== action && one.value.toLowerCase() === key);
  for (const other of others) other.value = "";
  return ask(FROM_OWN.preferencesSet, {
    shortcuts: { ...Object.fromEntries(others.map(({ dataset }) => [dataset.key, ""])), [action]: key },
  });
}

async function drawDevices() {
  const reply = await send(FROM_OWN.devicesList);
  byId("devices").hidden = !reply.ok;
  if (!reply.ok) return;
  byId("device-list").replaceChildren(...reply.items.map(deviceLine));
}

/** @param {{id: string, name: string, created_at: string, last_seen_at: string | null, this: boolean}} one */
function deviceLine({ id, name, created_at, last_seen_at, this: isThis }) {
  const seen = text("options_device_seen", formatTime(created_at), last_seen_at ? formatTime(last_seen_at) : "–");
  const title = isThis ? text("options_device_this", name) : name;
  const words = make("span", {}, title, make("br"), make("span", { class: "small" }, seen));
  const onclick = async () => {
    await ask(FROM_OWN.devicesRevoke, { id });
    await drawAll();
  };
  const facts = { class: "quiet danger", "aria-label": text("options_revoke_name", name), onclick };
  return make("li", { class: "line" }, words, make("button", facts, text("options_revoke")));
}

async function drawRefused() {
  const reply = await send(FROM_OWN.deadList);
  const lines = reply.ok ? reply.lines : [];
  byId("refused").hidden = !lines.length;
  byId("refused-list").replaceChildren(...lines.map(refusedLine));
  byId("refused-dropped").textContent = reply.dropped ? text("options_refused_dropped", reply.dropped) : "";
}

/** @param {import("../storage.js").DeadLetter} letter */
function refusedLine({ event, error, at }) {
  /** @param {boolean} retry */
  const settle = (retry) => async () => {
    await ask(FROM_OWN.deadSettle, { id: event.id, retry });
    await drawRefused();
  };
  const words = make(
    "span",
    {},
    `${event.kind} ${event.paper}`,
    make("br"),
    make("span", { class: "small" }, text("options_refused_why", formatTime(at), error.message, error.code)),
  );
  return make(
    "li",
    { class: "line" },
    words,
    make("button", { class: "quiet", onclick: settle(true) }, text("options_retry")),
    make("button", { class: "quiet danger", onclick: settle(false) }, text("options_discard")),
  );
}

/**
 * Switch a site on or off; the browser asks the reader first if it does not let us in yet.
 * @param {string} site
 */
async function switchSite(site) {
  const on = byId(`site-${site}`).checked;
  const isAllowed = !on || allowedSites.has(site) || (await requestSite(site));
  if (!isAllowed) say(text("options_site_refused"));
  else await ask(FROM_OWN.preferencesSet, { sites: { [site]: on } });
  await Promise.all([drawStatus(), lookUpAllowedSites()]);
}

/** @param {string} sentence */
const sayOfTopics = (sentence) => {
  byId("topics-said").textContent = sentence;
};

async function drawFollowed() {
  byId("follow").hidden = !(await drawTopics(sayOfTopics));
}

const drawAll = () =>
  Promise.all([
    lookUpAllowedSites(),
    drawStatus(),
    drawFollowed(),
    drawListSettings(),
    drawLinkMenu(),
    drawDevices(),
    drawRefused(),
  ]);

/** @param {boolean} deleteThere the reader's data on the server is deleted too */
async function leave(deleteThere) {
  if (deleteThere && !(await saveExport()) && !confirm(text("options_leave_without_export"))) return;
  let reply = await ask(FROM_OWN.leave, { delete_there: deleteThere });
  if (reply.waiting && !confirm(text("options_leave_waiting", reply.waiting))) return;
  if (reply.waiting) reply = await ask(FROM_OWN.leave, { delete_there: deleteThere, discard: true });
  if (reply.ok) say(reply.gone_there ? text(deleteThere ? "options_left_all" : "options_left_device") : reply.remains);
  byId("leaving").hidden = true;
  await drawAll();
}

function listen() {
  for (const radio of document.querySelectorAll('[name="capture"]'))
    radio.addEventListener("change", (event) =>
      ask(FROM_OWN.preferencesSet, { capture: /** @type {HTMLInputElement} */ (event.target).value }),
    );
  byId("upvote").addEventListener("change", () =>
    ask(FROM_OWN.preferencesSet, { upvote_is_save: byId("upvote").checked }),
  );
  byId("foryou").addEventListener("change", () =>
    ask(FROM_OWN.preferencesSet, { order: byId("foryou").checked ? "foryou" : "original" }),
  );
  for (const site of SITES) byId(`site-${site}`).addEventListener("change", () => switchSite(site));
  topicForm(sayOfTopics);
  listenToLinkMenuSwitch();
  listenToListSettings((sentence) => {
    byId("lists-said").textContent = sentence;
  });
  linkPages();
  byId("export").addEventListener("click", saveExport);
  byId("leave").addEventListener("click", () => {
    byId("leaving").hidden = false;
    byId("leave-all").focus();
  });
  byId("leave-all").addEventListener("click", () => leave(true));
  byId("leave-device").addEventListener("click", () => leave(false));
  onChanged(() => drawStatus());
}

translatePage();
byId("version").textContent = text("options_version", version());
connectForm(drawAll);
listen();
await drawAll();
