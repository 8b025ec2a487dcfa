/** The popup: how it stands, the switches, and four lists: what to read, a search, what was sent, what is hidden. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";
import { by, putWords, when } from "../own/words.js";

const HOUR = 3_600_000;

/** @param {string} sentence */
const say = (sentence) => {
  by("said").textContent = sentence;
};

/** @param {string} type @param {object} [fields] @returns {Promise<any>} */
async function ask(type, fields) {
  const reply = await send(type, fields);
  if (!reply.ok) say(reply.error.message);
  return reply;
}

/** The tab in front; its address is not ours to see, and not needed. */
async function tabInFront() {
  const [tab] = await browser().tabs.query({ active: true, currentWindow: true });
  return tab?.id;
}

async function isAllowed() {
  return browser().permissions.contains({ origins: ["https://huggingface.co/papers*"] }).catch(() => true);
}

/** @param {string} paper */
const address = (paper) => `https://huggingface.co/papers/${paper}`;

async function drawStanding() {
  const { ok, status, error } = await send(FROM_OWN.status, { tab: await tabInFront() });
  if (!ok) return say(error.message);
  const allowed = await isAllowed();
  by("standing").textContent = text(allowed ? `popup_state_${status.state}` : "popup_state_not_allowed");
  by("detail").textContent = detail(status);
  by("capture").value = status.preferences.capture;
  const all = "all" in status.pauses;
  const site = status.here?.site ?? "huggingface";
  by("pause-all").textContent = text(all ? "popup_go_on" : "popup_pause_all");
  by("pause-all").onclick = () => act(FROM_OWN.pause, { scope: "all", on: !all });
  by("pause-hour").hidden = all;
  by("pause-hour").onclick = () => act(FROM_OWN.pause, { scope: "hour", on: true });
  by("pause-site").textContent = text(site in status.pauses ? "popup_go_on_site" : "popup_pause_site", text(`site_${site}`));
  by("pause-site").onclick = () => act(FROM_OWN.pause, { scope: "site", site, on: !(site in status.pauses) });
  by("import").hidden = !status.upvotes || !status.paired;
  by("import-words").textContent = text("popup_import", status.upvotes);
}

/** @param {any} status */
function detail({ here, waiting, dead, queue_full, pauses, connection }) {
  const until = pauses.all > 0 ? text("popup_until", when(pauses.all)) : "";
  const lines = [
    until,
    queue_full ? text("worker_queue_full", waiting) : waiting ? text("popup_waiting", waiting) : "",
    dead ? text("popup_refused", dead) : "",
    connection.message ?? "",
    here ? "" : text("popup_not_here"),
  ];
  return lines.filter(Boolean).join(" ");
}

/** @param {string} type @param {object} fields */
async function act(type, fields) {
  await ask(type, fields);
  await drawStanding();
}

/** @param {import("../messages.js").Paper} paper @param {...(Node | false)} more */
function paperLine(paper, ...more) {
  const words = make("span", {}, make("a", { href: address(paper.id), target: "_blank", rel: "noopener" }, paper.title ?? paper.id), make("br"), make("span", { class: "small" }, paper.authors.slice(0, 3).join(", ")));
  return make("li", { class: "line" }, words, ...more);
}

/** @param {"save" | "hide"} kind @param {import("../messages.js").Paper} paper @param {import("../messages.js").Surface} surface */
function actButton(kind, paper, surface) {
  const button = make("button", { class: "quiet", onclick: async () => {
    const reply = await ask(FROM_OWN.act, { kind, paper: paper.id, title: paper.title, surface });
    if (reply.ok) button.textContent = text(kind === "save" ? "page_sign_saved" : "page_sign_hidden");
  } }, text(`page_${kind}`));
  return button;
}

/** @param {Node[]} lines @param {string} otherwise */
const list = (lines, otherwise) => by("pane").replaceChildren(lines.length ? make("ul", {}, ...lines) : make("p", {}, text(otherwise)));

const PANES = {
  async next() {
    const reply = await ask(FROM_OWN.recommend, { limit: 10 });
    list((reply.items ?? []).map((/** @type {any} */ { paper }) => paperLine(paper, actButton("save", paper, "panel"), actButton("hide", paper, "panel"))), reply.ok ? "page_panel_empty" : "popup_nothing_to_show");
  },
  async search() {
    const found = make("div");
    const field = make("input", { type: "search", placeholder: text("popup_search_hint"), "aria-label": text("popup_tab_search") });
    const form = make("form", { onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const reply = await ask(FROM_OWN.search, { q: field.value });
      const lines = (reply.items ?? []).map((/** @type {any} */ { paper }) => paperLine(paper, actButton("save", paper, "search")));
      found.replaceChildren(lines.length ? make("ul", {}, ...lines) : make("p", {}, text("popup_found_nothing")));
    } }, field);
    by("pane").replaceChildren(form, found);
    field.focus();
  },
  async ledger() {
    const { lines = [] } = await ask(FROM_OWN.ledgerList);
    const hour = make("button", { onclick: async () => told(await ask(FROM_OWN.forget, { since: Date.now() - HOUR })) }, text("popup_forget_hour"));
    list(lines.map(ledgerLine), "popup_ledger_empty");
    by("pane").prepend(hour);
  },
  async hidden() {
    const { papers = [] } = await ask(FROM_OWN.hiddenList);
    list(papers.map(hiddenLine), "popup_hidden_empty");
  },
};

/** @param {any} reply */
async function told(reply) {
  if (reply.ok) say(reply.waiting ? text("popup_deleted_waiting", reply.deleted, reply.waiting) : text("popup_deleted", reply.deleted));
  await PANES.ledger();
}

/** @param {import("../storage.js").LedgerLine} line word for word as it was sent */
function ledgerLine({ event, sent_at, host }) {
  const words = make("span", {}, make("pre", {}, JSON.stringify(event)), make("span", { class: "small" }, text("popup_sent", when(sent_at), host)));
  const remove = make("button", { class: "quiet danger", onclick: async () => told(await ask(FROM_OWN.ledgerDelete, { ids: [event.id] })) }, text("popup_delete"));
  const forget = make("button", { class: "quiet", title: text("popup_forget_paper_help"), onclick: async () => told(await ask(FROM_OWN.forget, { paper: event.paper })) }, text("popup_forget_paper"));
  return make("li", { class: "line" }, words, forget, remove);
}

/** @param {{id: string, title: string}} paper */
function hiddenLine({ id, title }) {
  const unhide = async () => {
    await ask(FROM_OWN.act, { kind: "unhide", paper: id });
    await PANES.hidden();
  };
  return make("li", { class: "line" }, make("a", { href: address(id), target: "_blank", rel: "noopener" }, title), make("button", { class: "quiet", onclick: unhide }, text("popup_unhide")));
}

/** @param {keyof typeof PANES} name */
async function show(name) {
  for (const tab of document.querySelectorAll('[role="tab"]')) tab.setAttribute("aria-selected", String(tab.id === `tab-${name}`));
  by("pane").setAttribute("aria-labelledby", `tab-${name}`);
  await PANES[name]();
}

function listen() {
  for (const name of /** @type {(keyof typeof PANES)[]} */ (Object.keys(PANES))) by(`tab-${name}`).addEventListener("click", () => show(name));
  by("capture").addEventListener("change", () => act(FROM_OWN.preferencesSet, { capture: by("capture").value }));
  by("options").addEventListener("click", () => browser().runtime.openOptionsPage());
  by("welcome").addEventListener("click", () => browser().tabs.create({ url: browser().runtime.getURL("src/welcome/welcome.html") }));
  for (const [id, accept] of [["import-yes", true], ["import-no", false]])
    by(String(id)).addEventListener("click", async () => {
      const reply = await ask(FROM_OWN.upvotesImport, { accept });
      if (reply.ok && reply.saved) say(text("popup_imported", reply.saved));
      await drawStanding();
    });
}

putWords();
listen();
await drawStanding();
await show("next");
