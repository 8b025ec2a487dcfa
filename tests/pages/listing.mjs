// What the listing component and the renderer both need to know about a listing's data.

export const kindOf = (props) => (props.isTrending ? "trending" : props.searchResults ? "search" : "listing");

export const cardsOf = (props) => props.searchResults ?? props.dailyPapers;

/**
 * Which of the known signs a card lacks: none ('ok'), its heading, the address of its links, or (mixed) four in ten the
 * heading.
 */
export function shapeOf(shape, entry) {
  if (shape !== "mixed") return shape;
  return Number(entry.paper.id.at(-1)) % 3 === 0 ? "headings" : "ok";
}

export const titleTag = (shape) => (shape === "headings" ? "div" : "h3");
export const addressOf = (shape, id) => `${shape === "addresses" ? "/works" : "/papers"}/${id}`;

/** Key each entry by its paper; a paper shown twice gets a second key, as frameworks refuse equal keys. */
export function keyed(entries) {
  const seen = new Map();
  return entries.map((entry) => {
    const count = seen.get(entry.paper.id) ?? 0;
    seen.set(entry.paper.id, count + 1);
    return { key: `${entry.paper.id}#${count}`, entry };
  });
}
