/**
 * Canonical paper ids: `2401.12345`, `hep-th/9901001`. The version goes, and so does an old id's subject class.
 *
 * Syntactic only: nothing here knows which dates are plausible. `tests/contract/ids.json` holds the cases.
 */

const ID = /^(?:(\d{4}\.\d{4,5})|([a-z][a-z-]*)(?:\.[a-z-]{2,})?\/(\d{7}))(?:v\d+)?$/i;
const PATHS = /^\/(?:papers|abs|pdf|html|format|ps|overview|resources)\/(.+?)(?:\.pdf|\.md)?\/?$/;
const HOSTS = /^(?:(?:www|export|browse|[a-z]{2})\.)?(?:arxiv\.org|alphaxiv\.org|huggingface\.co|hf\.co)$/;

/**
 * The canonical form of a bare id, or null.
 * @param {string} bare
 * @returns {string | null}
 */
function canonical(bare) {
  const found = ID.exec(bare);
  return found && (found[1] ?? `${found[2].toLowerCase()}/${found[3]}`);
}

/**
 * The paper an address leads to, or null.
 * @param {string} address absolute, or relative to `base`
 * @param {string} [base]
 * @param {RegExp} [hosts] which hosts count
 * @returns {string | null}
 */
export function paperFromUrl(address, base, hosts = HOSTS) {
  if (!URL.canParse(address, base)) return null;
  const { protocol, hostname, pathname } = new URL(address, base);
  const path = /^https?:$/.test(protocol) && hosts.test(hostname) && PATHS.exec(decoded(pathname));
  return path ? canonical(path[1]) : null;
}

/**
 * The canonical id in what a reader typed or pasted: an id, `arXiv:` form or an address; null when there is none.
 * @param {string} text
 * @returns {string | null}
 */
export function paperId(text) {
  const bare = text.trim().replace(/^arxiv:\s*/i, "");
  return canonical(bare) ?? paperFromUrl(/^[a-z]+:\/\//i.test(bare) ? bare : `https://${bare}`);
}

/**
 * Where a paper is read: on Hugging Face if its listing has it (then it has upvotes), else where the server says.
 * @param {{id: string, url?: string | null, upvotes?: number | null}} paper
 */
export function addressOf({ id, url, upvotes }) {
  const isElsewhere = typeof upvotes !== "number" && url && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isElsewhere) return url;
  // Ids of before 2007 have no page there.
  return id.includes("/") ? `https://arxiv.org/abs/${id}` : `https://huggingface.co/papers/${id}`;
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
