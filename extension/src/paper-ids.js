/**
 * Canonical paper ids: `2401.12345`, `hep-th/9901001`, without version and, for an old id, without subject class.
 *
 * This is syntax only: nothing here knows which dates are plausible. `server/paper_ids.py` reads the same forms with
 * the same patterns; `tests/contract/ids.json` holds the cases of both, and `tests/contract/test_ids.py` compares them.
 */

const MAX_LENGTH = 300;

// Spelled out, because `\s` differs between the two languages.
const SPACE = "[\t-\r \u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]";
const NEW = String.raw`\d{4}\.\d{4,5}`;
const OLD = String.raw`([a-z][a-z-]{0,30})(?:\.[a-z-]{2,})?/(\d{7})`;
const ID = String.raw`(?:(${NEW})|${OLD})(?:${SPACE}*v\d+)?`;
const DOI = String.raw`10\.48550/arxiv\.`;
// What may stand before an id: `arXiv:`, as reference lists and search engines write it, or the start of a DOI.
const CITED = `(?:(?:arxiv|corr)${SPACE}+)?(?:preprint${SPACE}+)?(?:arxiv(?::|${SPACE})|abs/)`;
const LABEL = `(?:${CITED}|(?:doi:${SPACE}*)?${DOI})${SPACE}*`;
// What follows the id in arXiv's own stamp: `[cs.LG] 20 Jan 2024`.
const DATE = String.raw`${SPACE}+\d{1,2}${SPACE}+[a-z]{3,9}${SPACE}+\d{4}`;
const STAMP = String.raw`${SPACE}*[\[(][a-z-]+(?:\.[a-z-]+)?[\])](?:${DATE})?`;
const BARE = new RegExp(`^(?:${LABEL})?${ID}(?:${STAMP})?$`, "i");
const WRAPPED = /^(?:\[([^[\]]*)\]|\(([^()]*)\)|<([^<>]*)>|\{([^{}]*)\}|"([^"]*)"|'([^']*)'|“([^“”]*)”)$/;
const ENDS = new RegExp(`^${SPACE}+|(?<!${SPACE})${SPACE}*(?:[.,;]${SPACE}*)?$`, "g");

const ADDRESS = /^(?:(?:https?:)?\/\/)?([a-z0-9.-]+)(?::\d{1,5})?\/+([^?#]*)(?:[?#][^]*)?$/i;
/**
 * Host, and what precedes an id in its paths; a subdomain such as www or export changes nothing.
 * @type {[string, string][]}
 */
const PLACES = [
  ["arxiv.org", "(?:abs|pdf|html|format|e-print|src|ps)/+"],
  ["ar5iv.org", "(?:abs|pdf|html)/+"],
  ["alphaxiv.org", "(?:[a-z]{2}/+)?(?:abs|pdf|html|overview|resources)/+"],
  ["huggingface.co", "(?:[a-z]{2}/+)?papers/+"],
  ["hf.co", "(?:[a-z]{2}/+)?papers/+"],
  ["doi.org", DOI],
];
/** The hosts whose links lead to papers, each with its subdomains. */
export const HOSTS = PLACES.map(([host]) => host);
/** @param {string} before */
const pathOf = (before) => new RegExp(String.raw`^${before}${ID}(?:\.pdf|\.md)?(?:${SPACE}|/)*$`, "i");
/** @type {[string, RegExp][]} */
const PATHS = PLACES.map(([host, before]) => [host, pathOf(before)]);
/** On our own demo and sample pages, papers have the paths that they have on Hugging Face. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
const ESCAPE = /%([2-7][0-9a-f])/gi;

/** @param {RegExpExecArray | null | undefined} found */
const canonical = (found) => (found ? (found[1] ?? `${found[2].toLowerCase()}/${found[3]}`) : null);

/**
 * @param {string} host in lower case
 * @param {string} path without its first slash
 */
function paperAt(host, path) {
  const place = PATHS.find(([name]) => host === name || host.endsWith(`.${name}`));
  return canonical(place?.[1].exec(path.replace(ESCAPE, (_, code) => String.fromCharCode(parseInt(code, 16)))));
}

/** A link as a listing of Hugging Face writes nearly all of its own, which need not be parsed as an address. */
const PLAIN = /^\/papers\/(\d{4}\.\d{4,5})$/;

/**
 * The paper of a plain link on Hugging Face, or null: then the link may be another form of one.
 * @param {string} href
 */
export const plainPaper = (href) => PLAIN.exec(href)?.[1] ?? null;

/**
 * Parsed once: asking whether an address can be parsed takes as long as parsing it.
 * @param {string} address
 * @param {string} [base]
 */
function parseUrl(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/**
 * The paper that a link leads to, or null.
 * @param {string} address absolute, or relative to `base`
 * @param {string} [base]
 * @param {RegExp} [hosts] that count; this machine counts only if named
 * @returns {string | null}
 */
export function paperFromUrl(address, base, hosts) {
  const url = parseUrl(address, base);
  if (!url) return null;
  const { protocol, hostname, pathname } = url;
  if (!/^https?:$/.test(protocol) || (hosts && !hosts.test(hostname))) return null;
  return paperAt(hosts && LOOPBACK.test(hostname) ? "huggingface.co" : hostname, pathname.replace(/^\/+/, ""));
}

/**
 * The canonical id in what a reader typed or pasted: an id, `arXiv:` form, DOI or address; null when there is none.
 * @param {string} written
 * @returns {string | null}
 */
export function paperId(written) {
  if (written.length > 2 * MAX_LENGTH || [...written].length > MAX_LENGTH) return null;
  const text = unwrap(written);
  const address = ADDRESS.exec(text);
  return canonical(BARE.exec(text)) ?? (address && paperAt(address[1].toLowerCase(), address[2]));
}

/**
 * The papers in what a reader pasted: one a line in any form, or several on a line with spaces or commas between.
 * @param {string} pasted
 * @returns {{ids: string[], unknown: string[]}} `unknown` as written
 */
export function papersIn(pasted) {
  const lines = pasted.split(/[\r\n]+/);
  const written = lines.flatMap((line) => (paperId(line) ? [line] : line.split(/[\s,;]+/).filter(Boolean)));
  return { ids: written.flatMap((one) => paperId(one) ?? []), unknown: written.filter((one) => !paperId(one)) };
}

/**
 * Remove the brackets or quotes around what was written, and the full stop or comma after it.
 * @param {string} written
 */
function unwrap(written) {
  const text = written.replace(ENDS, "");
  const inner = WRAPPED.exec(text)
    ?.slice(1)
    .find((one) => one !== undefined);
  return inner?.replace(ENDS, "") ?? text;
}

const ARXIV = /^(?:[a-z]+\.)?arxiv\.org$/;

/**
 * Where a paper is read: on arXiv if the server names it there and Hugging Face does not list it (then it would have
 * upvotes), else on Hugging Face. The address is made from the id alone: whatever address a server gives, a link leads
 * nowhere else.
 * @param {{id: string, url?: string | null, upvotes?: number | null}} paper
 * @returns {string | null} null if the id is not canonical
 */
export function addressOf({ id, url, upvotes }) {
  if (typeof id !== "string" || paperId(id) !== id) return null;
  // Ids from before 2007 have no page at Hugging Face.
  const isOnArxiv =
    id.includes("/") ||
    (typeof upvotes !== "number" && typeof url === "string" && paperFromUrl(url, undefined, ARXIV) === id);
  return isOnArxiv ? `https://arxiv.org/abs/${id}` : `https://huggingface.co/papers/${id}`;
}
