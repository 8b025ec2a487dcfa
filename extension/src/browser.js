/**
 * The only file that says `chrome.`: one seam between our code and the browser.
 *
 * Both browsers offer promises under `chrome` in Manifest V3. The object is looked up at each use, so that the demo
 * page and the tests can put their own in its place first.
 */

/** @type {typeof chrome | undefined} */
let substitute;

/** The API of this browser; some parts are undefined in Firefox. */
export const browser = () => substitute ?? globalThis.chrome;

/** Put something else in the browser's place in this document ("Try it here"). @param {any} other */
export const standIn = (other) => void (substitute = other);

/**
 * Texts, with holes for their values, by the `i18n` they came from. A page of a hundred cards has a thousand texts, and
 * in Firefox asking the browser for one takes as long as making its element.
 * @type {WeakMap<object, Map<string, string>>}
 */
const cache = new WeakMap();

/** Stand for the values `$1` to `$9` in a text that is kept: no message uses these private characters. */
const HOLES = [..."\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009"];
const HOLE = /[\ue001-\ue009]/g;

/** Letters that are read right to left. */
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Isolate a value that runs right to left, so that it does not turn the words around it.
 * @param {string | number} value
 */
const isolate = (value) => (RTL.test(String(value)) ? `\u2068${value}\u2069` : String(value));

/**
 * A text as the browser has it, with holes for so many values; asked for once.
 * @param {string} key
 * @param {number} values
 * @returns {string}
 */
function textWithHoles(key, values) {
  const { i18n } = browser();
  const texts = cache.get(i18n) ?? new Map();
  cache.set(i18n, texts);
  const name = `${key} ${values}`;
  if (!texts.has(name)) texts.set(name, i18n.getMessage(key, HOLES.slice(0, values)) || key);
  return texts.get(name);
}

/**
 * The text of one locale key, with `$1`... filled in.
 * @param {string} key
 * @param {...(string | number)} values
 * @returns {string}
 */
export function text(key, ...values) {
  try {
    const known = textWithHoles(key, values.length);
    return values.length ? known.replace(HOLE, (hole) => isolate(values[HOLES.indexOf(hole)])) : known;
  } catch (error) {
    if (isAlive()) throw error;
    // The extension was replaced under the page: its words are gone.
    return "";
  }
}

/** @param {string} path a path inside the extension */
export const fileUrl = (path) => browser().runtime.getURL(path);

/** The version of this extension, as the manifest has it. */
export const version = () => browser().runtime.getManifest().version;

/**
 * False once the extension was reloaded or removed under a page that still runs its old content script.
 * @returns {boolean}
 */
export const isAlive = () => Boolean(browser()?.runtime?.id);

/** What Chromium answers to a worker that it ends: the worker alone, and the browser too. */
const ENDING_MESSAGES = ["No SW", "The browser is shutting down."];

/** Whether a call failed because the browser is ending the worker that made it. @param {unknown} error */
export const isEnding = (error) => error instanceof Error && ENDING_MESSAGES.includes(error.message);

/**
 * Send one message to the service worker.
 * @param {object} message
 * @returns {Promise<any>}
 */
export const sendMessage = (message) => browser().runtime.sendMessage(message);

/**
 * Hear messages meant for this page; the listener's answer is not sent back.
 * @param {(message: any) => void} listener
 * @param {AbortSignal} [signal] stops listening
 */
export function onMessage(listener, signal) {
  /** @param {any} message @param {chrome.runtime.MessageSender} sender */
  const hear = (message, sender) => {
    if (sender.id === browser().runtime.id) listener(message);
  };
  browser().runtime.onMessage.addListener(hear);
  signal?.addEventListener("abort", () => browser().runtime.onMessage.removeListener(hear));
}
