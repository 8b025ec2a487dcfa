/** The popup: state, switches, and tabs: what to read, what is saved, a search, what was sent, what is hidden. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { saveExport } from "../own-pages/export.js";
import { ask, byId, formatDay, formatTime, linkPages, say, translatePage } from "../own-pages/own-page.js";
import { isSiteAllowed, requestSite } from "../own-pages/site-permissions.js";
import { labelWithTitle, stepOf } from "../ui/actions.js";
import { make } from "../ui/dom.js";
import { summarizeReasons } from "../ui/reasons.js";
import { linesOr, paperLine, paperLink, searchField } from "./lines.js";
import { drawSaved } from "./saved.js";

const HOUR_MS = 3_600_000;

/** @type {"no" | "yes" | "revoked"} */
let paired = "no";

/** The id of the tab in front; we may not see its address, and need not. */
async function activeTab() {
  const [tab] = await browser().tabs.query({ active: true, currentWindow: true });
  return tab?.id;
}

async function allow() {
  if (await requestSite("huggingface")) say(text("popup_allowed"));
  await drawStatus();
}

async function drawStatus() {
  const { ok, status, error } = await send(FROM_OWN.status, { tab: await activeTab() });
  if (!ok) return say(error.message);
  paired = !status.paired ? "no" : status.connection.health === "revoked" ? "revoked" : "yes";
  const isAllowed = await isSiteAllowed("huggingface");
  const state = status.state === "unpaired" && paired === "revoked" ? "revoked" : status.state;
  byId("standing").textContent = text(isAllowed ? `popup_state_${state}` : "popup_state_not_allowed");
  byId("allow").hidden = isAllowed;
  byId("detail").textContent = describeStatus(status);
  byId("capture").value = status.preferences.capture;
  drawPauses(status.pauses, status.here?.site ?? "huggingface");
  byId("pages").hidden = paired !== "yes";
  byId("import").hidden = !status.upvotes || !status.paired;
  byId("import-words").textContent = text("popup_import", status.upvotes);
}

/**
 * @param {Record<string, any>} pauses by scope
 * @param {string} site
 */
function drawPauses(pauses, site) {
  const isAllPaused = "all" in pauses;
  const isSitePaused = site in pauses;
  /** @param {object} change */
  const pause = (change) => () => act(FROM_OWN.pause, change);
  byId("pause-all").textContent = text(isAllPaused ? "popup_go_on" : "popup_pause_all");
  byId("pause-all").onclick = pause({ scope: "all", on: !isAllPaused });
  byId("pause-hour").hidden = isAllPaused;
  byId("pause-hour").onclick = pause({ scope: "hour", on: true });
  byId("pause-site").textContent = text(isSitePaused ? "popup_go_on_site" : "popup_pause_site", text(`site_${site}`));
  byId("pause-site").onclick = pause({ scope: "site", site, on: !isSitePaused });
}

/** @param {any} status */
function describeStatus({ here, paired, waiting, dead, queue_full, pauses, connection }) {
  const until = pauses.all > 0 ? text("popup_until", formatTime(pauses.all)) : "";
  const isRevoked = connection.health === "revoked";
  const left = queue_full
    ? text("worker_queue_full", waiting)
    : waiting && !isRevoked
      ? text("popup_waiting", waiting)
      : "";
  const lines = [
    until,
    left,
    isRevoked ? text("worker_revoked", waiting) : (connection.message ?? ""),
    dead ? text("popup_refused", dead) : "",
    here || !paired ? "" : text("popup_not_here"),
  ];
  return lines.filter(Boolean).join(" ");
}

/**
 * Ask the worker to do something, and show how it stands then.
 * @param {string} type
 * @param {object} fields
 */
async function act(type, fields) {
  await ask(type, fields);
  await drawStatus();
}

/** What a button says once it is done: alone, and with the paper's title. */
const DONE = {
  save: ["page_sign_saved", "page_sign_saved_named"],
  hide: ["page_sign_hidden", "page_sign_hidden_named"],
};

/**
 * @param {"save" | "hide"} kind
 * @param {import("../messages.js").Paper} paper
 * @param {import("../messages.js").Surface} surface
 */
function actButton(kind, paper, surface) {
  const [done, doneWithTitle] = DONE[kind];
  const title = paper.title ?? paper.id;
  const onclick = async () => {
    const reply = await ask(FROM_OWN.act, { kind, paper: paper.id, title: paper.title, surface });
    if (!reply.ok) return;
    button.textContent = text(done);
    button.setAttribute("aria-label", text(doneWithTitle, title));
    button.disabled = true;
  };
  const label = labelWithTitle(kind, title);
  const button = make("button", { class: "quiet", "aria-label": label, onclick }, text(`page_${kind}`));
  return button;
}

/** Without a pairing there is only one thing to do. */
function offerToPair() {
  const isNew = paired === "no";
  const facts = { class: "main", onclick: isNew ? openWelcome : openOptions };
  const button = make("button", facts, text(isNew ? "page_connect" : "own_pair_again"));
  return [make("p", {}, text(isNew ? "page_state_unpaired" : "worker_error_revoked")), button];
}

const openOptions = () => browser().runtime.openOptionsPage();

const openWelcome = () => browser().tabs.create({ url: browser().runtime.getURL("src/welcome/welcome.html") });

/** @param {string} reason */
const reasonNote = (reason) => reason !== "" && make("span", { class: "small reason" }, reason);

/** A paragraph that says, once the server has answered, which sources bring nothing new; hidden without any. */
function lateNote() {
  const note = make("p", { class: "small", hidden: "", role: "status" });
  send(FROM_OWN.lateSources).then(({ sources = [] }) => {
    note.textContent = sources.map(describeLate).join(" ");
    note.hidden = sources.length === 0;
  });
  return note;
}

/** @param {{name: string, since: number | null}} source */
const describeLate = ({ name, since }) =>
  since === null ? text("popup_source_late", name) : text("popup_source_late_since", name, formatDay(since));

/** What each tab shows. */
const PANES = {
  async next() {
    if (paired !== "yes") return offerToPair();
    const { ok, items = [], marks = {}, fetched_at } = await ask(FROM_OWN.recommend, { limit: 10 });
    /** @type {any} */
    const page = { markOf: (/** @type {string} */ paper) => marks[paper] ?? {} };
    const lines = items.map((/** @type {any} */ { paper, reasons }) =>
      paperLine(
        paper,
        [reasonNote(summarizeReasons(page, reasons))],
        actButton("save", paper, "panel"),
        actButton("hide", paper, "panel"),
      ),
    );
    const age = fetched_at && make("p", { class: "small" }, text("page_panel_stale", formatTime(fetched_at)));
    const late = ok && !fetched_at && lateNote();
    return [age, late, linesOr(lines, ok ? text("page_panel_empty") : text("popup_nothing_to_show"))];
  },
  saved: () => drawSaved(drawStatus),
  async search() {
    if (paired !== "yes") return offerToPair();
    const results = make("div", { "aria-live": "polite" });
    const field = searchField(text("popup_tab_search"), text("popup_search_hint"));
    let searches = 0;
    const onsubmit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const search = ++searches;
      const { ok, items = [] } = await ask(FROM_OWN.search, { q: field.value });
      // Only the latest search is shown.
      if (search !== searches) return;
      const lines = items.map((/** @type {any} */ { paper }) =>
        paperLine(paper, [], actButton("save", paper, "search")),
      );
      results.replaceChildren(linesOr(lines, text(ok ? "popup_found_nothing" : "popup_nothing_to_show")));
    };
    return [make("form", { onsubmit }, field), results];
  },
  async ledger() {
    const { lines = [] } = await ask(FROM_OWN.ledgerList);
    const hasLines = lines.length > 0;
    const hour = make("button", { onclick: () => forget({ since: Date.now() - HOUR_MS }) }, text("popup_forget_hour"));
    const download = make("button", { onclick: saveExport }, text("options_export"));
    return [
      paired === "yes" && make("div", { class: "row" }, hasLines && hour, download),
      hasLines && make("p", { class: "small" }, text("popup_ledger_help")),
      linesOr(lines.map(ledgerLine), text("popup_ledger_empty")),
    ];
  },
  async hidden() {
    const { papers = [] } = await ask(FROM_OWN.hiddenList);
    return [linesOr(papers.map(hiddenLine), text("popup_hidden_empty"))];
  },
};

/** @param {object} what */
const forget = async (what) => reportDeletion(await ask(FROM_OWN.forget, what));

/**
 * Say what a deletion did, and what it could not do.
 * @param {any} reply
 */
async function reportDeletion({ ok, deleted, waiting, elsewhere, silent, partial }) {
  if (ok) {
    const done = waiting ? text("popup_deleted_waiting", deleted, waiting) : text("popup_deleted", deleted);
    const rest = silent ? text("popup_deleted_silent") : partial ? text("popup_deleted_partial") : "";
    say([done, elsewhere ? text("popup_deleted_elsewhere", elsewhere) : "", rest].filter(Boolean).join(" "));
  }
  await drawPane();
}

/**
 * One event, word for word as it was sent.
 * @param {import("../storage.js").LedgerLine} line
 */
function ledgerLine({ event, sent_at, host }) {
  const sent = make("span", { class: "small" }, text("popup_sent", formatTime(sent_at), host));
  const onDelete = async () => reportDeletion(await ask(FROM_OWN.ledgerDelete, { ids: [event.id] }));
  const deleteButton = make("button", { class: "quiet danger", onclick: onDelete }, text("popup_delete"));
  const onForget = () => forget({ paper: event.paper });
  const forgetFacts = { class: "quiet", title: text("popup_forget_paper_help"), onclick: onForget };
  const forgetButton = make("button", forgetFacts, text("popup_forget_paper"));
  const tools = make("div", { class: "line" }, sent, forgetButton, deleteButton);
  return make("li", { class: "line stack" }, make("pre", {}, JSON.stringify(event)), tools);
}

/** @param {{id: string, title: string}} paper */
function hiddenLine({ id, title }) {
  const unhide = async () => {
    await ask(FROM_OWN.act, { kind: "unhide", paper: id });
    await drawPane();
  };
  const button = make("button", { class: "quiet", onclick: unhide }, text("popup_unhide"));
  return make("li", { class: "line" }, paperLink({ id, title }), button);
}

const allTabs = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[role="tab"]')]);

/**
 * Arrow keys go from tab to tab.
 * @param {KeyboardEvent} event
 */
function stepTab({ key }) {
  const tabs = allTabs();
  const step = stepOf(key, tabs[0]);
  if (!step) return;
  const next = tabs.at((tabs.findIndex((tab) => tab === document.activeElement) + step) % tabs.length);
  next?.focus();
  next?.click();
}

/** @type {keyof typeof PANES} */
let shown = "next";

let drawings = 0;

/** Draw the current tab. A reply that comes after the reader went to another tab is not drawn. */
async function drawPane() {
  const drawing = ++drawings;
  byId("pane").setAttribute("aria-busy", "true");
  const parts = await PANES[shown]();
  if (drawing !== drawings) return;
  byId("pane").replaceChildren(...parts.filter((part) => part instanceof Node));
  byId("pane").removeAttribute("aria-busy");
  /** @type {HTMLElement | null} */ (byId("pane").querySelector("[autofocus]"))?.focus();
  // Now we know whether the server answers.
  await drawStatus();
}

/** @param {keyof typeof PANES} name */
async function show(name) {
  if (name !== shown) byId("pane").replaceChildren();
  shown = name;
  for (const tab of allTabs()) {
    const isSelected = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isSelected));
    tab.tabIndex = isSelected ? 0 : -1;
  }
  byId("pane").setAttribute("aria-labelledby", `tab-${name}`);
  await drawPane();
}

function listen() {
  for (const name of /** @type {(keyof typeof PANES)[]} */ (Object.keys(PANES)))
    byId(`tab-${name}`).addEventListener("click", () => show(name));
  document
    .querySelector('[role="tablist"]')
    ?.addEventListener("keydown", (event) => stepTab(/** @type {KeyboardEvent} */ (event)));
  byId("capture").addEventListener("change", () => act(FROM_OWN.preferencesSet, { capture: byId("capture").value }));
  byId("options").addEventListener("click", openOptions);
  linkPages();
  byId("allow-yes").addEventListener("click", allow);
  byId("welcome").addEventListener("click", openWelcome);
  for (const [id, accept] of [
    ["import-yes", true],
    ["import-no", false],
  ])
    byId(String(id)).addEventListener("click", async () => {
      const reply = await ask(FROM_OWN.upvotesImport, { accept });
      if (reply.ok && reply.saved) say(text("popup_imported", reply.saved));
      await drawStatus();
    });
}

translatePage();
listen();
await drawStatus();
// The reader may have pressed a tab meanwhile.
await show(shown);
