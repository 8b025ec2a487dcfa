/** Upvotes on the listing's own site: each can count as a save, and those given before are offered for import. */

import { change, read } from "../storage.js";
import { acceptEvent } from "./accept-event.js";
import { MAX_TITLE } from "./hidden.js";
import { marksOf } from "./paper-states.js";
import { enqueue, flush } from "./queue.js";
import { readMarks } from "./view.js";

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Event} Event */

/**
 * Remember the upvotes that a page shows, to be offered. Once the reader has answered, later ones are offered
 * in turn, but never the same again nor what is saved.
 * @param {Card[]} cards
 */
export async function rememberUpvotes(cards) {
  const upvoted = cards.filter((card) => card.upvoted === true);
  if (!upvoted.length) return;
  await change(
    ["upvotes"],
    ({ upvotes, upvotesAnswered, states, queue }) => {
      const answered = new Set(upvotesAnswered);
      const saved = marksOf(
        { states, queue },
        upvoted.map(({ id }) => id),
      );
      for (const { id, title } of upvoted)
        if (!answered.has(id) && !(answered.size && saved[id]?.saved))
          upvotes.papers[id] ??= title ? { id, title: title.slice(0, MAX_TITLE) } : { id };
    },
    ["upvotesAnswered", "states", "queue"],
  );
}

/**
 * An upvote saves a paper that is not saved already; removing it removes only that save.
 * @param {{upvoted: boolean, event: Event, card: Card | null}} upvote `event`: the save or unsave it may stand for
 * @param {import("../messages.js").Sender} sender
 */
export async function applyUpvote({ upvoted, event, card }, sender) {
  const { paper } = event;
  const { preferences, upvoteSaves } = await read("preferences", "upvoteSaves");
  const isSaved = (await readMarks([paper]))[paper]?.saved === true;
  const counts = upvoted ? !isSaved : isSaved && paper in upvoteSaves;
  if (counts && preferences.upvote_is_save) await acceptEvent(event, card, sender, { byUpvote: true });
  return { marks: await readMarks([paper]) };
}

/** Answer the offer. @param {boolean} accept save what was upvoted and is not saved yet */
export async function importUpvotes(accept) {
  const { upvotes, states, queue } = await read("upvotes", "states", "queue");
  const marks = marksOf({ states, queue }, Object.keys(upvotes.papers));
  const papers = accept ? Object.values(upvotes.papers).filter(({ id }) => !marks[id]?.saved) : [];
  const at = new Date().toISOString();
  // Events first: if the worker dies in between, the upvotes are offered again rather than lost.
  await enqueue(
    papers.map(({ id }) => ({ id: crypto.randomUUID(), kind: "save", paper: id, at, surface: "import" })),
    papers,
  );
  await change(["upvotes", "upvotesAnswered"], (stored) => {
    // Those only that were offered: a page may have shown more meanwhile.
    for (const id of Object.keys(upvotes.papers)) delete stored.upvotes.papers[id];
    stored.upvotesAnswered = [...new Set([...stored.upvotesAnswered, ...Object.keys(upvotes.papers)])];
  });
  if (papers.length) await flush({ now: true });
  return { saved: papers.length };
}
