/** The popup: how it stands, the switches, and four lists: what to read, a search, what was sent, what is hidden. */

import { browser, text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { addressOf } from "../paper-id.js";
import { labelWithTitle, stepOf } from "../ui/actions.js";
import { make } from "../ui/dom.js";
import { summarizeReasons } from "../ui/reasons.js";
import { exportAll } from "../own/export.js";
import { byId, translatePage, formatTime } from "../own/own-page.js";

const HOUR = 3_600_000;

/** @param {string} sentence */
const say = (sentence) => {
  byId("said").textContent = sentence;
};

/** @param {string} type @param {object} [fields] @returns {Promise<any>} */
async function ask(type, fields) {
  const reply = await send(type, fields);
  if (!reply.ok) say(reply.error.message);
  return reply;
}

/** @type {"no" | "yes" | "revoked"} */
let paired = "no";

/** The tab in front; its address is not ours to see, and not needed. */
async function tabInFront() {
  const [tab] = await browser().tabs.query({ active: true, currentWindow: true });
  return tab?.id;
}

const SITE = { origins: ["https://huggingface.co/papers*"] };

/** Firefox lets the reader decide about sites, also later. */
const isAllowed = () =>
  browser()
    .permissions.contains(SITE)
    .catch(() => true);

async function allow() {
  if (await browser().permissions.request(SITE)) say(text("popup_allowed"));
  await drawStanding();
}

async function drawStanding() {
  const { ok, status, error } = await send(FROM_OWN.status, { tab: await tabInFront() });
  if (!ok) return say(error.message);
  paired = !status.paired ? "no" : status.connection.health === "revoked" ? "revoked" : "yes";
  const allowed = await isAllowed();
  const state = status.state === "unpaired" && paired === "revoked" ? "revoked" : status.state;
  byId("standing").textContent = text(allowed ? `popup_state_${state}` : "popup_state_not_allowed");
  byId("allow").hidden = allowed;
  byId("detail").textContent = detail(status);
  byId("capture").value = status.preferences.capture;
  const all = "all" in status.pauses;
  const site = status.here?.site ?? "huggingface";
  byId("pause-all").textContent = text(all ? "popup_go_on" : "popup_pause_all");
  byId("pause-all").onclick = () => act(FROM_OWN.pause, { scope: "all", on: !all });
  byId("pause-hour").hidden = all;
  byId("pause-hour").onclick = () => act(FROM_OWN.pause, { scope: "hour", on: true });
  byId("pause-site").textContent = text(
    site in status.pauses ? "popup_go_on_site" : "popup_pause_site",
    text(`site_${site}`),
  );
  byId("pause-site").onclick = () => act(FROM_OWN.pause, { scope: "site", site, on: !(site in status.pauses) });
  byId("import").hidden = !status.upvotes || !status.paired;
  byId("import-words").textContent = text("popup_import", status.upvotes);
}

/** @param {any} status */
function detail({ here, paired, waiting, dead, queue_full, pauses, connection }) {
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

/** @param {string} type @param {object} fields */
async function act(type, fields) {
  await ask(type, fields);
  await drawStanding();
}

/** @param {import("../messages.js").Paper} paper @param {string} reason @param {...(Node | false)} more */
function paperLine(paper, reason, ...more) {
  const link = make("a", { href: addressOf(paper), target: "_blank", rel: "noopener" }, paper.title ?? paper.id);
  const authors = make("span", { class: "small" }, paper.authors.slice(0, 3).join(", "));
  const words = make(
    "span",
    {},
    link,
    make("br"),
    authors,
    reason && make("br"),
    reason && make("span", { class: "small reason" }, reason),
  );
  return make("li", { class: "line" }, words, ...more);
}

/**
 * @param {"save" | "hide"} kind @param {import("../messages.js").Paper} paper @param {import("../messages.js").Surface}
 * surface
 */
function actButton(kind, paper, surface) {
  const [done, doneNamed] =
    kind === "save" ? ["page_sign_saved", "page_sign_saved_named"] : ["page_sign_hidden", "page_sign_hidden_named"];
  const title = paper.title ?? paper.id;
  const button = make(
    "button",
    {
      class: "quiet",
      "aria-label": labelWithTitle(kind, title),
      onclick: async () => {
        const reply = await ask(FROM_OWN.act, { kind, paper: paper.id, title: paper.title, surface });
        if (!reply.ok) return;
        button.textContent = text(done);
        button.setAttribute("aria-label", text(doneNamed, title));
        button.disabled = true;
      },
    },
    text(`page_${kind}`),
  );
  return button;
}

/** @param {Node[]} lines @param {string} otherwise said where there is none */
const list = (lines, otherwise) => (lines.length ? make("ul", {}, ...lines) : make("p", {}, otherwise));

/** Without a pairing there is one thing to do. */
function offerToPair() {
  const isNew = paired === "no";
  const button = make(
    "button",
    { class: "main", onclick: isNew ? openWelcome : openOptions },
    text(isNew ? "page_connect" : "own_pair_again"),
  );
  return [make("p", {}, text(isNew ? "page_state_unpaired" : "worker_error_revoked")), button];
}

const openOptions = () => browser().runtime.openOptionsPage();

const openWelcome = () => browser().tabs.create({ url: browser().runtime.getURL("src/welcome/welcome.html") });

/** What each tab shows. */
const PANES = {
  async next() {
    if (paired !== "yes") return offerToPair();
    const { ok, items = [], marks = {}, fetched_at } = await ask(FROM_OWN.recommend, { limit: 10 });
    /** @type {any} */
    const known = { markOf: (/** @type {string} */ paper) => marks[paper] ?? {} };
    const lines = items.map((/** @type {any} */ { paper, reasons }) =>
      paperLine(
        paper,
        summarizeReasons(known, reasons),
        actButton("save", paper, "panel"),
        actButton("hide", paper, "panel"),
      ),
    );
    const age = fetched_at && make("p", { class: "small" }, text("page_panel_stale", formatTime(fetched_at)));
    return [age, list(lines, ok ? text("page_panel_empty") : text("popup_nothing_to_show"))];
  },
  async search() {
    if (paired !== "yes") return offerToPair();
    const found = make("div", { "aria-live": "polite" });
    const field = make("input", {
      type: "search",
      autofocus: "",
      placeholder: text("popup_search_hint"),
      "aria-label": text("popup_tab_search"),
    });
    let searches = 0;
    const form = make(
      "form",
      {
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          const search = ++searches;
          const { ok, items = [] } = await ask(FROM_OWN.search, { q: field.value });
          if (search !== searches) return;
          const lines = items.map((/** @type {any} */ { paper }) =>
            paperLine(paper, "", actButton("save", paper, "search")),
          );
          found.replaceChildren(
            lines.length
              ? make("ul", {}, ...lines)
              : make("p", {}, text(ok ? "popup_found_nothing" : "popup_nothing_to_show")),
          );
        },
      },
      field,
    );
    return [form, found];
  },
  async ledger() {
    const { lines = [] } = await ask(FROM_OWN.ledgerList);
    const hour = make(
      "button",
      { onclick: async () => told(await ask(FROM_OWN.forget, { since: Date.now() - HOUR })) },
      text("popup_forget_hour"),
    );
    return [
      paired === "yes" &&
        make(
          "div",
          { class: "row" },
          lines.length > 0 && hour,
          make("button", { onclick: saveExport }, text("options_export")),
        ),
      lines.length > 0 && make("p", { class: "small" }, text("popup_ledger_help")),
      list(lines.map(ledgerLine), text("popup_ledger_empty")),
    ];
  },
  async hidden() {
    const { papers = [] } = await ask(FROM_OWN.hiddenList);
    return [list(papers.map(hiddenLine), text("popup_hidden_empty"))];
  },
};

async function saveExport() {
  const reply = await exportAll();
  say(reply.ok ? text("options_exported") : reply.error.message);
}

/** Say what a deletion did, and what it could not. @param {any} reply */
async function told({ ok, deleted, waiting, elsewhere, silent, partial }) {
  if (ok) {
    const done = waiting ? text("popup_deleted_waiting", deleted, waiting) : text("popup_deleted", deleted);
    const rest = silent ? text("popup_deleted_silent") : partial ? text("popup_deleted_partial") : "";
    say([done, elsewhere ? text("popup_deleted_elsewhere", elsewhere) : "", rest].filter(Boolean).join(" "));
  }
  await drawPane();
}

/** @param {import("../storage.js").LedgerLine} line word for word as it was sent */
function ledgerLine({ event, sent_at, host }) {
  const sent = make("span", { class: "small" }, text("popup_sent", formatTime(sent_at), host));
  const remove = make(
    "button",
    { class: "quiet danger", onclick: async () => told(await ask(FROM_OWN.ledgerDelete, { ids: [event.id] })) },
    text("popup_delete"),
  );
  const forget = make(
    "button",
    {
      class: "quiet",
      title: text("popup_forget_paper_help"),
      onclick: async () => told(await ask(FROM_OWN.forget, { paper: event.paper })),
    },
    text("popup_forget_paper"),
  );
  return make(
    "li",
    { class: "line stack" },
    make("pre", {}, JSON.stringify(event)),
    make("div", { class: "line" }, sent, forget, remove),
  );
}

/** @param {{id: string, title: string}} paper */
function hiddenLine({ id, title }) {
  const unhide = async () => {
    await ask(FROM_OWN.act, { kind: "unhide", paper: id });
    await drawPane();
  };
  return make(
    "li",
    { class: "line" },
    make("a", { href: addressOf({ id }), target: "_blank", rel: "noopener" }, title),
    make("button", { class: "quiet", onclick: unhide }, text("popup_unhide")),
  );
}

const TABS = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[role="tab"]')]);

/** Arrow keys go from tab to tab, as in any list of tabs. @param {KeyboardEvent} event */
function stepTab({ key }) {
  const tabs = TABS();
  const step = stepOf(key, tabs[0]);
  if (!step) return;
  const next = tabs.at((tabs.findIndex((tab) => tab === document.activeElement) + step) % tabs.length);
  next?.focus();
  next?.click();
}

/** @type {keyof typeof PANES} */
let shown = "next";

let drawings = 0;

/**
 * Draw the tab that is shown; an answer that comes after the reader has gone on is not drawn over the tab they went to.
 */
async function drawPane() {
  const drawing = ++drawings;
  byId("pane").setAttribute("aria-busy", "true");
  const parts = await PANES[shown]();
  if (drawing !== drawings) return;
  byId("pane").replaceChildren(...parts.filter((part) => part instanceof Node));
  byId("pane").removeAttribute("aria-busy");
  /** @type {HTMLElement | null} */ (byId("pane").querySelector("[autofocus]"))?.focus();
  // Asking the server has shown whether it answers.
  await drawStanding();
}

/** @param {keyof typeof PANES} name */
async function show(name) {
  if (name !== shown) byId("pane").replaceChildren();
  shown = name;
  for (const tab of TABS()) {
    tab.setAttribute("aria-selected", String(tab.id === `tab-${name}`));
    tab.tabIndex = tab.id === `tab-${name}` ? 0 : -1;
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
  byId("allow-yes").addEventListener("click", allow);
  byId("welcome").addEventListener("click", openWelcome);
  for (const [id, accept] of [
    ["import-yes", true],
    ["import-no", false],
  ])
    byId(String(id)).addEventListener("click", async () => {
      const reply = await ask(FROM_OWN.upvotesImport, { accept });
      if (reply.ok && reply.saved) say(text("popup_imported", reply.saved));
      await drawStanding();
    });
}

translatePage();
listen();
await drawStanding();
// Or the tab that the reader has pressed meanwhile.
await show(shown);
