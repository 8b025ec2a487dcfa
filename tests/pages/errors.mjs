// What comes at a paper's or a listing's address instead of it, in the shape of the real ones: pages of the site's that
// say
// what is wrong, and a challenge, which is no page of the site's at all.

const escape = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** The listing site's own: its header is an island as on every page; the words are none. */
function sitesOwn(heading, sentence, link = "") {
  return `<!doctype html>
<html class=""><head><meta charset="utf-8"/><title>${heading} - Stand-in</title><link rel="icon" href="data:,"/></head>
<body class="flex flex-col min-h-dvh bg-white ErrorPage"><!--[--><div class="flex min-h-dvh flex-col"><div class="SVELTE_HYDRATER contents" data-target="MainHeader" data-props="{}"><header>Stand-in</header></div>
<main class="flex flex-1 flex-col"><div class="flex-1"><div class="container pb-32 pt-28 text-center"><!--[-1--><img class="mx-auto mb-4 w-28" src="/unhappy.svg" alt=""/> <div><h1 class="mx-auto max-w-xl text-4xl font-bold">${heading}</h1>
<p class="mx-auto mt-6 max-w-sm"><!--[--><span>${escape(sentence)}</span>${link}<!--]--></p></div></div></div></main></div><!--]--></body></html>`;
}

const CHALLENGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title></title><link rel="icon" href="data:,"/><script>window.awsWafCookieDomainList = [];</script></head>
<body><div id="challenge-container"></div><noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot.</noscript></body></html>`;

/** What each error is answered with; `soft` is one whose status says that all is well. */
const ERRORS = {
  404: { status: 404, body: ({ id, link }) => sitesOwn("404", `Paper ${id} not found.`, link) },
  429: { status: 429, body: () => sitesOwn("429", "We had to rate limit you.") },
  500: { status: 500, body: () => sitesOwn("500", "Internal error. We are working on it.") },
  challenge: { status: 202, body: () => CHALLENGE },
  soft: { status: 200, body: ({ id, link }) => sitesOwn("404", `Paper ${id} not found.`, link) },
};

/** @param {URL} url @param {string} error a key of `ERRORS` */
export function errorPage(url, error) {
  const id = escape(url.pathname.split("/").slice(2).join("/"));
  const { status, body } = ERRORS[error];
  return {
    status,
    body: body({
      id,
      link: `<a href="https://arxiv.org/abs/${id}" rel="nofollow" target="_blank">https://arxiv.org/abs/${id}</a>`,
    }),
  };
}

/** A paper as a plain text for machines, at its page's address with `.md`. */
export const asText = ({ title, abstract }) => ({
  status: 200,
  type: "text/plain; charset=utf-8",
  body: `# ${title}\n\n${abstract}\n`,
});
