/** Dead letters: events that the server refused, kept with its reason until the reader settles each. */

import { change, read } from "../storage.js";
import { flush } from "./queue.js";
import { OF_ONE_SERVER, sortByServer } from "./servers.js";

/** @returns {Promise<{lines: import("../storage.js").DeadLetter[], dropped: number}>} newest first */
export async function listDeadLetters() {
  const { dead, deadDropped } = await read("dead", "deadDropped");
  return { lines: dead.reverse(), dropped: deadDropped };
}

/** @param {string} id of the event @param {boolean} retry send it again; otherwise discard it */
export async function settleDeadLetter(id, retry) {
  await change(
    [...OF_ONE_SERVER, "deadDropped"],
    (stored) => {
      sortByServer(stored);
      const letter = stored.dead.find(({ event }) => event.id === id);
      stored.dead = stored.dead.filter((one) => one !== letter);
      if (!stored.dead.length) stored.deadDropped = 0;
      if (retry && letter) stored.queue.push({ event: letter.event, tried: true });
    },
    ["serverUrl"],
  );
  if (retry) await flush({ now: true });
}
