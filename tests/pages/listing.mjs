// What the listing component and the renderer both need to know about a listing's data.

export const kindOf = (props) => (props.isTrending ? 'trending' : props.searchResults ? 'search' : 'listing');

export const cardsOf = (props) => props.searchResults ?? props.dailyPapers;

/** Key each entry by its paper; a paper shown twice gets a second key, as frameworks refuse equal keys. */
export function keyed(entries) {
  const seen = new Map();
  return entries.map((entry) => {
    const count = seen.get(entry.paper.id) ?? 0;
    seen.set(entry.paper.id, count + 1);
    return { key: `${entry.paper.id}#${count}`, entry };
  });
}
