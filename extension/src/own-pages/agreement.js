/**
 * The box by which the reader agrees to what is sent, on the options and the welcome page. They agree to one server;
 * another server needs a new agreement.
 */

import { readAddress } from "./address.js";
import { byId } from "./own-page.js";

/** The server whose address is typed; "" while there is none. */
export const typedServer = () => readAddress(byId("address").value)?.address ?? "";

/**
 * Untick the box while the typed server is not the one agreed to before.
 * @param {(other: string) => void} draw gets the server that needs a new agreement; "" if there is none
 * @returns {(server: string) => void} takes the server the reader has agreed to before; "" for none
 */
export function askToAgree(draw) {
  let [before, asked] = ["", ""];
  const look = () => {
    const other = before && typedServer() !== before ? typedServer() : "";
    if (other !== asked) byId("agreed").checked = false;
    asked = other;
    if (before && !other) byId("agreed").checked = true;
    draw(other);
  };
  byId("address").addEventListener("input", look);
  return (server) => {
    before = server;
    look();
  };
}
