/**
 * The box by which the reader agrees to what is sent, on the options and the welcome page: to one server, and anew to
 * another.
 */

import { readAddress } from "./address.js";
import { byId } from "./own-page.js";

/** The server whose address is typed; "" while it is none. */
export const typedServer = () => readAddress(byId("address").value)?.address ?? "";

/**
 * @param {(other: string) => void} draw told the server that the reader has to agree to anew; "" where it is none
 * @returns {(server: string) => void} to be told which server the reader has agreed to before; "" for none
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
