/** The options page: pairing, what is logged, keys, devices, what was refused, export and leaving. */

import { browser, text, version } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { onChanged } from "../storage.js";
import { make } from "../ui/dom.js";
import { askToAgree } from "../own/agreement.js";
import { connectForm } from "../own/connect.js";
import { exportAll } from "../own/export.js";
import { byId, translatePage, formatTime } from "../own/own-page.js";

/**
 * The sites that can be switched on and off, with what the browser is asked for first. @type {Record<string,
 * chrome.permissions.Permissions>}
 */
const NEEDS = {
  huggingface: { origins: ["https://huggingface.co/papers*"] },
  arxiv: { origins: ["https://arxiv.org/*", "https://www.arxiv.org/*"], permissions: ["scripting"] },
};
/** Without these a site cannot be on; what else it needs is asked for together with them. @type {typeof NEEDS} */
const LEAST = { ...NEEDS, arxiv: { ...NEEDS.arxiv, origins: ["https://arxiv.org/*"] } };
const SITES = Object.keys(NEEDS);
/**
 * Sites that the browser lets us into already. Noted beforehand: it may be asked only at once after a press. @type
 * {Set<string>}
 */
const allowedSites = new Set();

/** Keys in the order in which they are shown. */
const ACTIONS = ["next", "previous", "save", "hide", "undo", "why", "order"];
/** What was shown last: the form folds away when pairing is done, and comes back when it is needed. */
let isPaired = false;
let kept = { agreed: "", waiting: 0 };

/** @param {string} sentence */
const say = (sentence) => {
  byId("said").textContent = sentence;
};

/**
 * Ask the worker, and say what went wrong if something did. @param {string} type @param {object} [fields] @returns
 * {Promise<any>}
 */
async function ask(type, fields) {
  const reply = await send(type, fields);
  if (!reply.ok) say(reply.error.message);
  return reply;
}

async function drawStanding() {
  const { ok, status } = await send(FROM_OWN.status);
  if (!ok) return;
  const { paired, serverUrl, connection, waiting, preferences, managed, agreed } = status;
  const how =
    connection.health === "revoked" ? "revoked" : connection.health === "ok" || connection.message ? "ok" : "silent";
  const standing = paired ? text(`options_standing_${how}`, serverUrl) : text("options_standing_none");
  const why = paired && how === "ok" ? connection.message : "";
  byId("standing").textContent = [standing, why, waiting && text("popup_waiting", waiting)].filter(Boolean).join(" ");
  byId("pairing").classList.toggle("first", !paired);
  if (isPaired !== (paired && how !== "revoked")) byId("pairing").open = isPaired;
  isPaired = paired && how !== "revoked";
  if (!paired && managed.serverUrl && !byId("address").value) byId("address").value = managed.serverUrl;
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[name="capture"]')))
    radio.checked = radio.value === preferences.capture;
  kept = { agreed, waiting };
  hasAgreed(agreed);
  drawSites(preferences.sites, managed.sites ?? SITES);
  byId("upvote").checked = preferences.upvote_is_save;
  byId("foryou").checked = preferences.order === "foryou";
  drawKeys(preferences.shortcuts);
}

/** What was agreed to needs no box. @param {string} other the server that was not */
function drawAgreement(other) {
  byId("agree-row").hidden = Boolean(kept.agreed) && !other;
  byId("agree-other").textContent = other ? text("options_agree_other", other, kept.waiting) : "";
}

const hasAgreed = askToAgree(drawAgreement);

/** @param {Record<string, boolean>} on @param {string[]} allowed those that a lab has left in */
function drawSites(on, allowed) {
  for (const site of SITES)
    Object.assign(byId(`site-${site}`), { checked: on[site], disabled: !allowed.includes(site) });
  byId("sites-left-out").hidden = SITES.every((site) => allowed.includes(site));
}

async function noteAllowedSites() {
  for (const site of SITES) {
    if (await browser().permissions.contains(LEAST[site])) allowedSites.add(site);
    else allowedSites.delete(site);
  }
}

/** @param {Record<string, string>} shortcuts */
function drawKeys(shortcuts) {
  if (byId("keys").contains(document.activeElement)) return;
  const fields = ACTIONS.map((action) => {
    const keep = () => keepKey(action, input.value.trim().toLowerCase());
    const input = make("input", {
      type: "text",
      maxlength: 1,
      "data-key": action,
      value: shortcuts[action] ?? "",
      oninput: keep,
    });
    return make("label", {}, text(`options_key_${action}`), " ", input);
  });
  byId("keys").replaceChildren(...fields);
}

/** One key does one thing: what had it until now goes without. @param {string} action @param {string} key */
function keepKey(action, key) {
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
  byId("device-list").replaceChildren(...reply.items.map(device));
}

/** @param {{id: string, name: string, created_at: string, last_seen_at: string | null, this: boolean}} one */
function device(one) {
  const seen = text(
    "options_device_seen",
    formatTime(one.created_at),
    one.last_seen_at ? formatTime(one.last_seen_at) : "–",
  );
  const name = make(
    "span",
    {},
    one.this ? text("options_device_this", one.name) : one.name,
    make("br"),
    make("span", { class: "small" }, seen),
  );
  const revoke = async () => {
    await ask(FROM_OWN.devicesRevoke, { id: one.id });
    await drawAll();
  };
  return make(
    "li",
    { class: "line" },
    name,
    make(
      "button",
      { class: "quiet danger", "aria-label": text("options_revoke_name", one.name), onclick: revoke },
      text("options_revoke"),
    ),
  );
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
 * A site switched on or off; the browser asks the reader first where it has not been allowed yet. @param {string} site
 */
async function switchSite(site) {
  const on = byId(`site-${site}`).checked;
  const isAllowed =
    !on ||
    allowedSites.has(site) ||
    (await browser()
      .permissions.request(NEEDS[site])
      .catch(() => false));
  if (!isAllowed) say(text("options_site_refused"));
  else await ask(FROM_OWN.preferencesSet, { sites: { [site]: on } });
  await Promise.all([drawStanding(), noteAllowedSites()]);
}

const drawAll = () => Promise.all([noteAllowedSites(), drawStanding(), drawDevices(), drawRefused()]);

/** @returns {Promise<boolean>} whether there is a file */
async function saveExport() {
  const reply = await exportAll();
  say(reply.ok ? text("options_exported") : reply.error.message);
  return reply.ok;
}

/** @param {boolean} there */
async function leave(there) {
  if (there && !(await saveExport()) && !confirm(text("options_leave_without_export"))) return;
  let reply = await ask(FROM_OWN.leave, { delete_there: there });
  if (reply.waiting && !confirm(text("options_leave_waiting", reply.waiting))) return;
  if (reply.waiting) reply = await ask(FROM_OWN.leave, { delete_there: there, discard: true });
  if (reply.ok) say(reply.gone_there ? text(there ? "options_left_all" : "options_left_device") : reply.remains);
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
  byId("export").addEventListener("click", saveExport);
  byId("leave").addEventListener("click", () => {
    byId("leaving").hidden = false;
    byId("leave-all").focus();
  });
  byId("leave-all").addEventListener("click", () => leave(true));
  byId("leave-device").addEventListener("click", () => leave(false));
  onChanged(() => drawStanding());
}

translatePage();
byId("version").textContent = text("options_version", version());
connectForm(drawAll);
listen();
await drawAll();
