// Stand-in arXiv pages: listings (/list/cs.LG/new, recent, pastweek), search and abstract pages; our own words in the
// skeleton of arXiv's templates, its sloppy quoting included. A script rewrites `.mathjax` text later, as MathJax does.

const escape = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const shown = (paper) => escape(paper.title.replace(/\s+/g, " "));

const REWRITE = `<script>setTimeout(() => {
  for (const node of document.querySelectorAll('.mathjax')) {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    const texts = []; while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const parts = text.textContent.split(/\\$([^$]+)\\$/); if (parts.length < 3) continue;
      text.replaceWith(...parts.map((part, n) => { if (n % 2 === 0) return part;
        const box = document.createElement('mjx-container'); box.className = 'MathJax'; box.textContent = '\\u2113\\u2082';
        const source = document.createElement('script'); source.type = 'math/tex'; source.textContent = part; box.append(source); return box; }));
    }
  }
}, 300);</script>`;

function page(body, { head = "", title = "Stand-in archive", dir = "" } = {}) {
  return (
    `<!DOCTYPE html><html lang="en"${dir && ` dir="${escape(dir)}"`}><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"/><link rel="stylesheet" href="/front/listing.css"/>${head}</head>` +
    `<body class="arxiv"><div class='flex-wrap-footer'><header><a href="/list/cs.LG/new">new</a> <a href="/list/cs.LG/recent">recent</a></header><main>${body}</main><footer>About Help</footer></div>${REWRITE}</body></html>`
  );
}

/** What arXiv makes of an id in running text. */
const spokenOf = (id) =>
  `<a href="https://arxiv.org/abs/${id}" data-arxiv-id="${id}" class="link-https">arXiv:${id}</a>`;

/** Authors speak of other papers in every third of their comments and abstracts. */
const commentOf = (number) => (number % 3 ? "9 pages" : `text overlap with ${spokenOf(`1901.${10000 + number}`)}`);
const abstractOf = ({ abstract }, number) =>
  (number % 3 ? "" : `${spokenOf(`1902.${10000 + number}`)} left a question open. `) + escape(abstract);

function listed(paper, number, { abstract, note, shape }) {
  const { id } = paper;
  const authors = paper.authors
    .map(({ name }) => `<a href="https://arxiv.org/search/cs?searchtype=author&amp;query=X">${escape(name)}</a>`)
    .join(", ");
  return `<dt>
 <a name='item${number}'>[${number}]</a>
 <a href ="/abs/${id}" title="Abstract" id="${id}">
  arXiv:${id}
 </a>
 ${note} [<a href="/pdf/${id}" title="Download PDF" id="pdf-${id}">pdf</a>, <a href="https://arxiv.org/html/${id}v1" title="View HTML" id="html-${id}" target="_blank" rel="noopener noreferrer">html</a>, <a href="/format/${id}" title="Other formats" id="oth-${id}">other</a>]
</dt>
<dd><div class='meta'><div class='${shape === "headings" ? "list-name" : "list-title"} mathjax'><span class='descriptor'>Title:</span>
  ${shown(paper)}
</div><div class='list-authors'>${authors}</div><div class='list-comments mathjax'><span class='descriptor'>Comments:</span> ${commentOf(number)}</div><div class='list-subjects'><span class='descriptor'>Subjects:</span>
 <span class="primary-subject">Machine Learning (cs.LG)</span>; Artificial Intelligence (cs.AI)
</div>${abstract ? `<p class='mathjax'>\n          ${abstractOf(paper, number)}\n        </p>` : ""}</div></dd>`;
}

function section(heading, papers, first, options) {
  const rows = papers.map((paper, n) => listed(paper, first + n, options)).join("\n");
  return `<h3>${heading} (showing ${papers.length} of ${papers.length} entries)</h3>${rows}`;
}

const inner = (body) => `<div id='content'><div id='content-inner'>${body}</div></div>`;

/**
 * One `dl#articles` a section, the id repeated, as the live page has it; on a day without papers one sentence instead.
 */
function newPage(papers, { shape, dir, empty }) {
  const dl = (heading, some, first, note) =>
    `<dl id='articles'>${section(heading, some, first, { abstract: true, note, shape })}</dl>`;
  const lists = () =>
    `<ul><li><a href="#item1">New submissions</a></li><li><a href="#item11">Cross-lists</a></li></ul><div class='paging'>Total of ${papers.slice(0, 20).length} entries</div>` +
    `${dl("New submissions", papers.slice(0, 10), 1, "")}${dl("Cross submissions", papers.slice(10, 15), 11, "(cross-list from cs.CL)")}${dl("Replacement submissions", papers.slice(15, 20), 16, "(replaced)")}`;
  return page(
    inner(
      `<div id='dlpage'><h1>Machine Learning</h1><h3>Showing new listings</h3>${empty ? "<p>No updates today.</p>" : lists()}</div>`,
    ),
    { dir },
  );
}

/** The days of the past ninety, each like `/new`; with abstracts where the address says `abs=True`. */
function catchupPage(papers, day, abstract, { shape, dir }) {
  const dl = (heading, some, first, note) =>
    `<dl id='articles'>${section(heading, some, first, { abstract, note, shape })}</dl>`;
  return page(
    inner(
      `<div id='dlpage'><h1>Catchup results for Machine Learning on ${day}</h1><ul><li><a href="#item1">New submissions</a></li></ul><div>Total of 18 entries</div>` +
        `${dl("New submissions", papers.slice(0, 12), 1, "")}${dl("Cross submissions", papers.slice(12, 18), 13, "(cross-list from cs.CL)")}<div></div>Total of 18 entries</div>`,
    ),
    { dir },
  );
}

/** What arXiv answers for an id it has not. */
const notFound = (id) =>
  page(
    inner(
      `<h1>Article ${id} not found</h1><p>There is no record of an article with identifier '${id}'. You might instead try to <a href="/search/">search for articles</a>.</p>`,
    ),
  );

/** One `dl#articles` with a heading a day, and no abstracts. */
function recentPage(papers, { shape, dir, empty }) {
  const bare = { abstract: false, note: "", shape };
  const list = () =>
    `<dl id='articles'>${section("Fri, 20 Nov 2026", papers.slice(0, 12), 1, bare)}${section("Thu, 19 Nov 2026", papers.slice(12, 25), 13, bare)}</dl>`;
  return page(inner(`<div id='dlpage'><h1>Machine Learning</h1>${empty ? "<p>No entries found.</p>" : list()}</div>`), {
    dir,
  });
}

function searchPage(papers, { dir, empty }) {
  const results = papers.slice(0, 25).map(
    (
      paper,
      number,
    ) => `<li class="arxiv-result"><div class="is-marginless"><p class="list-title is-inline-block"><a href="https://arxiv.org/abs/${paper.id}">arXiv:${paper.id}</a><span>&nbsp;[<a href="https://arxiv.org/pdf/${paper.id}">pdf</a>]&nbsp;</span></p><div class="tags is-inline-block"><span class="tag is-small is-link tooltip" data-tooltip="Machine Learning">cs.LG</span></div></div>
<p class="title is-5 mathjax">${shown(paper).replace(/learning/i, '<span class="search-hit mathjax">$&</span>')}</p><p class="authors"><span class="search-hit">Authors:</span> ${paper.authors.map(({ name }) => `<a href="/search/?searchtype=author">${escape(name)}</a>`).join(", ")}</p>
<p class="abstract mathjax"><span class="has-text-black-bis has-text-weight-semibold">Abstract</span>: <span class="abstract-short has-text-grey-dark mathjax" id="${paper.id}v1-abstract-short" style="display: inline;">&hellip;${escape(paper.abstract.slice(0, 90))}&hellip; <a class="is-size-7">&#9661; More</a></span><span class="abstract-full has-text-grey-dark mathjax" id="${paper.id}v1-abstract-full" style="display: none;">${escape(paper.abstract)} <a class="is-size-7">&#9651; Less</a></span></p><p class="comments is-size-7"><span class="has-text-black-bis has-text-weight-semibold">Comments:</span> <span class="has-text-grey-dark mathjax">${commentOf(number)}</span></p></li>`,
  );
  const heading = empty
    ? 'Sorry, your query for all: <span class="mathjax">x</span> produced no results.'
    : "Showing 1–25 results";
  const list = `<ol class="breathe-horizontal" start="1">${results.join("\n")}</ol>`;
  return page(
    `<div class="level"><div class="level-left"><h1 class="title is-clearfix">${heading}</h1></div></div>` +
      `<div class="content"><form action="/search/"><input type="search" name="query" aria-label="Search term"/></form>${empty ? "" : list}</div>`,
    { dir },
  );
}

function abstractPage(paper, { dir }) {
  const metas = [
    ["citation_title", paper.title.replace(/\s+/g, " ")],
    ...paper.authors.map(({ name }) => ["citation_author", name.split(" ").reverse().join(", ")]),
    ["citation_date", paper.published_at.slice(0, 10).replaceAll("-", "/")],
    ["citation_arxiv_id", paper.id],
    ["citation_pdf_url", `https://arxiv.org/pdf/${paper.id}`],
    ["citation_abstract", paper.abstract],
  ];
  const head = metas.map(([name, content]) => `<meta name="${name}" content="${escape(content)}"/>`).join("");
  return page(
    inner(`<div id="abs-outer"><div class="leftcolumn"><div id="abs"><div class="dateline">[Submitted on ${paper.published_at.slice(0, 10)}]</div><h1 class="title mathjax"><span class="descriptor">Title:</span>${shown(paper)}</h1>
<div class="authors"><span class="descriptor">Authors:</span>${paper.authors.map(({ name }) => `<a href="/a">${escape(name)}</a>`).join(", ")}</div><blockquote class="abstract mathjax"><span class="descriptor">Abstract:</span>${escape(paper.abstract)}</blockquote>
<table><tr><td class="tablecell label">Subjects:</td><td class="tablecell subjects"><span class="primary-subject">Machine Learning (cs.LG)</span></td></tr></table></div></div>
<div class="extra-services"><div class="full-text"><ul><li><a href="/pdf/${paper.id}" class="abs-button download-pdf">View PDF</a></li></ul></div></div></div>`),
    { head, dir, title: `[${paper.id}] ${shown(paper)}` },
  );
}

function atomEntry({ id, title, abstract, authors, published_at }) {
  const names = authors.map(({ name }) => `<author><name>${escape(name)}</name></author>`).join("");
  return (
    `<entry><id>http://arxiv.org/abs/${id}v1</id><title>${escape(title)}</title><summary>${escape(abstract)}</summary><published>${published_at}</published>` +
    `<updated>${published_at}</updated>${names}<category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/></entry>`
  );
}

/** The Atom API: `/api/query?id_list=ID,ID`; what it does not know it leaves out. */
export function arxivFeed(url, papers) {
  const asked = (url.searchParams.get("id_list") ?? "").split(",");
  const entries = papers.filter(({ id }) => asked.includes(id)).map(atomEntry);
  return {
    status: 200,
    type: "application/atom+xml",
    body: `<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Stand-in</title>${entries.join("")}</feed>`,
  };
}

/** @returns {{status: number, body: string, type?: string}} */
export function arxivPage(url, papers, knobs = {}) {
  const catchup = /^\/catchup\/[\w.-]+\/(\d{4}-\d{2}-\d{2})$/.exec(url.pathname);
  if (catchup)
    return { status: 200, body: catchupPage(papers, catchup[1], url.searchParams.get("abs") === "True", knobs) };
  const list = /^\/list\/[\w.-]+\/(new|recent|pastweek)$/.exec(url.pathname);
  if (list) return { status: 200, body: list[1] === "new" ? newPage(papers, knobs) : recentPage(papers, knobs) };
  if (/^\/search\/?/.test(url.pathname)) return { status: 200, body: searchPage(papers, knobs) };
  const paper = /^\/(abs|pdf|html)\/(.+?)(v\d+)?$/.exec(url.pathname);
  const found = paper && papers.find(({ id }) => id === paper[2]);
  if (!found) return { status: knobs.error === "soft" ? 200 : 404, body: notFound(escape(paper?.[2] ?? "")) };
  if (paper[1] === "pdf") return { status: 200, type: "application/pdf", body: "%PDF-1.4\n%%EOF\n" };
  return { status: 200, body: abstractPage(found, knobs) };
}
