/** The popup's list of saved papers: drawn at once from this browser's copy, then from the server; searched here. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { ask, formatDay, formatTime, say } from "../own-pages/own-page.js";
import { make } from "../ui/dom.js";
import { linesOr, paperLine, searchField } from "./lines.js";

/** @typedef {import("../worker/library.js").Saved} Saved */

/** More lines than are read at a time; the rest comes by a button. */
const STEP = 50;

/** Letters without their accents, so that "Erdos" finds "Erdős". @param {string} words */
const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/**
 * Those that have each word in their title, authors, tags or id.
 * @param {Saved[]} entries
 * @param {string} query
 */
export function searchSaved(entries, query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return entries.filter(({ id, title, authors, tags }) => {
    const all = fold([id, title ?? "", ...authors, ...tags].join("\n"));
    return words.every((word) => all.includes(word));
  });
}

/** A button that takes a paper out of the library, and then offers to save it again. @param {Saved} entry */
function removeButton({ id, title }) {
  let isSaved = true;
  const name = title ?? id;
  const onclick = async () => {
    const kind = isSaved ? "unsave" : "save";
    const reply = await ask(FROM_OWN.act, { kind, paper: id, title: title ?? undefined, surface: "library" });
    if (!reply.ok) return;
    isSaved = !isSaved;
    draw();
    say(text(`page_said_${kind}`));
  };
  const button = make("button", { class: "quiet", onclick });
  const draw = () => {
    button.textContent = text(isSaved ? "popup_unsave" : "popup_save_again");
    button.setAttribute("aria-label", text(isSaved ? "popup_unsave_named" : "popup_save_again_named", name));
    button.closest("li")?.classList.toggle("gone", !isSaved);
  };
  draw();
  return button;
}

/** @param {Saved} entry */
function savedLine(entry) {
  const { saved_at: at, waiting, tags } = entry;
  const when = at && text(waiting ? "popup_saved_waiting" : "popup_saved_on", formatDay(at));
  const notes = [when ?? "", tags.length > 0 && text("popup_saved_tags", tags.join(", "))];
  return paperLine(entry, notes, removeButton(entry));
}

class SavedPapers {
  /** @type {{entries: Saved[], fetched_at: number, more: boolean, silent?: string}} */
  known = { entries: [], fetched_at: 0, more: false };
  /** Older papers that the server found, for the words in the field. @type {Saved[]} */
  found = [];
  limit = STEP;
  isAsking = true;

  constructor() {
    this.field = searchField(text("popup_saved_search"), text("popup_saved_hint"));
    this.status = make("p", { class: "small", role: "status" });
    this.list = make("div");
    this.field.addEventListener("input", () => {
      Object.assign(this, { limit: STEP, found: [] });
      this.draw();
    });
    const onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      return this.find();
    };
    this.parts = [make("form", { onsubmit }, this.field), this.status, this.list];
  }

  /** Draw what the worker knows. @param {boolean} isFresh ask the server first */
  async load(isFresh) {
    const reply = await send(FROM_OWN.libraryList, { refresh: isFresh });
    this.isAsking = !isFresh;
    // What the reader takes out keeps its place, to be saved again.
    const isInUse = this.list.querySelector(".gone") !== null;
    if (reply.ok && !isInUse) this.known = reply;
    else if (!reply.ok) this.known = { ...this.known, silent: reply.error.message };
    this.draw(isInUse);
  }

  /** The copy holds the newest only: the server searches in the others. */
  async find() {
    const query = this.field.value.trim();
    if (!query || !this.known.more) return;
    const reply = await ask(FROM_OWN.libraryFind, { q: query });
    if (!reply.ok || query !== this.field.value.trim()) return;
    const known = new Set(this.known.entries.map(({ id }) => id));
    this.found = reply.entries.filter((/** @type {Saved} */ { id }) => !known.has(id));
    this.draw();
  }

  /** @param {boolean} [isListKept] only what is said of it is drawn anew */
  draw(isListKept = false) {
    const matching = [...searchSaved(this.known.entries, this.field.value), ...this.found];
    this.status.textContent = this.describe(matching.length);
    if (isListKept) return;
    const isNothing = !this.known.entries.length;
    const otherwise = isNothing ? this.whyNothing() : text("popup_saved_none");
    const rest = matching.length > this.limit && this.moreButton();
    this.list.replaceChildren(linesOr(matching.slice(0, this.limit).map(savedLine), otherwise), rest || "");
  }

  whyNothing() {
    if (this.isAsking) return text("popup_saved_asking");
    return this.known.silent ? text("popup_saved_no_copy") : text("popup_saved_empty");
  }

  moreButton() {
    const onclick = () => {
      const shown = this.limit;
      this.limit += STEP;
      this.draw();
      /** @type {HTMLElement | undefined} */ (this.list.querySelectorAll("li a")[shown])?.focus();
    };
    return make("button", { onclick }, text("page_more"));
  }

  /** How many there are, how old the copy is, and what it lacks. @param {number} matching */
  describe(matching) {
    const { entries, silent, fetched_at, more } = this.known;
    const count = matching === entries.length ? [entries.length] : [matching, entries.length];
    const counted = entries.length > 0 && text(count.length > 1 ? "popup_saved_found" : "popup_saved_count", ...count);
    const stale = silent && fetched_at && text("popup_saved_stale", formatTime(fetched_at));
    return [counted, more && text("popup_saved_more"), silent ? silent : "", stale].filter(Boolean).join(" ");
  }
}

/**
 * The list as it is known here; the server's own follows.
 * @param {() => unknown} onAnswer the server has answered, or has not
 * @returns {Promise<Node[]>}
 */
export async function drawSaved(onAnswer) {
  const saved = new SavedPapers();
  await saved.load(false);
  saved.load(true).then(onAnswer);
  return saved.parts;
}
