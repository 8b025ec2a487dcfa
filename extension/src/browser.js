/**
 * The only file that says `chrome.`: one seam between our code and the browser.
 *
 * Both browsers offer promises under `chrome` in Manifest V3. The object is looked up anew at each use, so that the
 * demo
 * page and the tests can put their own in place first.
 */

/** @type {typeof chrome | undefined} */
let inItsPlace;

/** What this browser offers, or undefined where an API is missing (Firefox lacks some). */
export const browser = () => inItsPlace ?? globalThis.chrome;

/** Have something else take the browser's place in this document ("Try it here"). @param {any} other */
export const standIn = (other) => void (inItsPlace = other);

/**
 * Texts without values, by who gave them: each asking crosses over to the browser, which in Firefox takes as long as
 * making
 * the element it is for, and a page of a hundred cards has a thousand.
 * @type {WeakMap<object, Map<string, string>>}
 */
const known = new WeakMap();

/** Letters that are read from right to left. */
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A value as it stands in a sentence of ours: what runs the other way is kept from turning the words around it. @param
 * {string | number} value
 */
const isolated = (value) => (RTL.test(String(value)) ? `\u2068${value}\u2069` : String(value));

/**
 * The text of one locale key, with `$1`... filled in.
 * @param {string} key
 * @param {...(string | number)} values
 * @returns {string}
 */
export function text(key, ...values) {
  const { i18n } = browser();
  const texts = known.get(i18n) ?? new Map();
  known.set(i18n, texts);
  try {
    if (values.length) return i18n.getMessage(key, values.map(isolated)) || key;
    if (!texts.has(key)) texts.set(key, i18n.getMessage(key, []) || key);
    return texts.get(key);
  } catch (error) {
    if (isAlive()) throw error;
    // Replaced under the page: nobody knows any words there any more.
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

/** What Chromium answers to a worker that it is ending: alone, and with itself. */
const LAST_WORDS = ["No SW", "The browser is shutting down."];

/** Whether a call failed because the browser is ending the worker that made it. @param {unknown} error */
export const isEnding = (error) => error instanceof Error && LAST_WORDS.includes(error.message);

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
