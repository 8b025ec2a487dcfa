/** Parses a server's address or a pairing link, as a person types or pastes it. */

const LOOPBACK = /^(localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * @typedef {object} ServerAddress
 * @property {string} address without a slash at its end
 * @property {string} origin
 * @property {string} code the code in a pairing link; "" if there is none
 * @property {boolean} isLocal true if the server is on this machine
 * @property {boolean} plain true for http to another machine
 */

/**
 * @param {string} typed
 * @returns {ServerAddress | null} null if it is no address
 */
export function readAddress(typed) {
  const trimmed = typed.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  if (!URL.canParse(withScheme)) return null;
  const { protocol, hostname, username, password, pathname, hash, origin } = new URL(withScheme);
  if (!/^https?:$/.test(protocol) || !hostname || username || password) return null;
  const isLink = /\/pair\/?$/.test(pathname);
  const path = pathname.replace(/\/pair\/?$/, "").replace(/(?<!\/)\/+$/, "");
  const isLocal = LOOPBACK.test(hostname);
  return {
    address: origin + path,
    origin,
    code: isLink ? decode(hash.slice(1)) : "",
    isLocal,
    plain: protocol === "http:" && !isLocal,
  };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
