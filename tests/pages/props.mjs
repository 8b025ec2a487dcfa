// The data an island carries in `data-props`, in the shape the live pages use, and the ways a knob can break it.

/** One author in two has an account, with a name of its own. */
function authorOf({ name, hidden }, number) {
  const user = name.toLowerCase().replace(/\W+/g, "_");
  const account = number % 2 ? {} : { user: { user, fullname: name, type: "user", name: user } };
  return { _id: "0".repeat(24), name, hidden, ...account };
}

function entry(paper, upvoted) {
  const person = { user: "someone", name: "someone", fullname: "Some One", type: "user" };
  return {
    paper: {
      id: paper.id,
      authors: paper.authors.map(authorOf),
      publishedAt: paper.published_at,
      submittedOnDailyAt: paper.published_at,
      title: paper.title,
      submittedOnDailyBy: person,
      summary: paper.abstract,
      upvotes: paper.upvotes,
      discussionId: "1".repeat(24),
      ...(paper.summary ? { ai_summary: paper.summary, ai_keywords: paper.abstract.split(" ").slice(2, 4) } : {}),
      ...(paper.organization ? { organization: { name: "lab", fullname: paper.organization } } : {}),
    },
    publishedAt: paper.published_at,
    title: paper.title,
    summary: paper.abstract,
    thumbnail: paper.thumbnail ? `https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/${paper.id}.png` : "",
    ...(paper.video ? { mediaUrls: ["stand-in.mp4"] } : {}),
    numComments: paper.comments,
    upvoted,
    submittedBy: person,
    isAuthorParticipating: false,
  };
}

/** @param {string} date a day, a week or a month; the neighbour only of a day */
const dayFrom = (date, days) =>
  /^\d{4}-\d\d-\d\d$/.test(date) ? new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10) : date;

/**
 * @param {{kind: string, papers: object[], others: object[], query: string, date: string, loggedIn: boolean, upvoted:
 * string[]}} listing
 */
export function listingProps({ kind, papers, others, query, date, loggedIn, upvoted }) {
  const entries = papers.map((paper) => entry(paper, loggedIn && upvoted.includes(paper.id)));
  const base = { canSubmit: loggedIn, dailyPapers: entries, publisher: { user: "someone" }, query: {} };
  if (kind === "trending") return { ...base, isTrending: true };
  const dated = {
    ...base,
    dateString: date,
    prevDate: dayFrom(date, -1),
    nextDate: dayFrom(date, 1),
    isTrending: false,
    periodType: { weekly: "week", monthly: "month" }[kind] ?? "day",
  };
  if (kind !== "search") return dated;
  return {
    ...dated,
    dailyPapers: others.map((paper) => entry(paper, false)),
    searchResults: entries,
    query: { q: query },
  };
}

export function paperProps({ paper, loggedIn, upvoted }) {
  const is = loggedIn && upvoted.includes(paper.id);
  return { paper: entry(paper, is).paper, comments: [], canSubmit: loggedIn, upvoted: is, upvoters: [], query: {} };
}

/** The entry list of the listing API (`/api/daily_papers`). */
export const apiEntries = (papers) => papers.map((paper) => entry(paper, false));

function renamed(value) {
  if (Array.isArray(value)) return value.map(renamed);
  if (!value || typeof value !== "object") return value;
  const names = { dailyPapers: "feed", searchResults: "found", paper: "work", summary: "body", title: "heading" };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [names[key] ?? key, renamed(inner)]));
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** The `data-props` attribute (with its leading space), or what a changed page would have instead. */
export function propsAttribute(props, state = "ok") {
  if (state === "missing") return "";
  const json = JSON.stringify(state === "renamed" ? renamed(props) : props);
  return ` data-props="${escape(state === "invalid" ? json.slice(0, json.length / 2) : json)}"`;
}
