// Runs in the stand-in page: hydrates every island after the delay asked for, and does what the period tabs do.
// `framework` is bound by build.mjs to Svelte 5 (the pages of 2026) or Svelte 4 (those of 2024).
import { hydrateIsland } from "framework";

const knobs = JSON.parse(document.getElementById("stand-in").textContent);
const wait = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const dataOf = (island, within = document) => within.querySelector(`script[data-for="${island.dataset.target}"]`);
const propsOf = (island, within) => JSON.parse(dataOf(island, within).textContent);

const URL_OF = {
  day: `/papers/date/${knobs.date}`,
  week: `/papers/week/${knobs.week}`,
  month: `/papers/month/${knobs.month}`,
};

async function fetchListing(period) {
  const answer = await fetch(URL_OF[period] + location.search);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** As the live tabs do: the cards are replaced in place, or the island is, or a new document is loaded. */
async function navigate(period, show) {
  if (knobs.tabs === "reload") {
    location.assign(URL_OF[period] + location.search);
    return;
  }
  const island = document.querySelector('[data-target="DailyPapers"]');
  const next = await fetchListing(period);
  const fresh = next.querySelector('[data-target="DailyPapers"]');
  history.pushState({}, "", URL_OF[period] + location.search);
  if (knobs.tabs === "cards") {
    show(propsOf(fresh, next).listing);
    return;
  }
  const place = island.parentNode;
  dataOf(island).replaceWith(document.adoptNode(dataOf(fresh, next)));
  delete document.body.dataset.hydrated;
  island.remove();
  await wait(60);
  place.append(document.adoptNode(fresh));
  await wait(knobs.delay);
  hydrate(fresh);
  document.body.dataset.hydrated = knobs.generation;
}

/**
 * A node put into an island before its framework came: Svelte 5 says so itself, Svelte 4 throws it out without a word.
 */
function complainOfStrangers(island) {
  const strangers = [...island.querySelectorAll("[data-inkling]")];
  if (strangers.length)
    console.error(
      `stand-in: in ${island.dataset.target} before its hydration: ${strangers.map(({ outerHTML }) => outerHTML)}`,
    );
}

function hydrate(island) {
  complainOfStrangers(island);
  hydrateIsland(island, { ...propsOf(island), navigate });
}

function followTheme() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (change) => {
    document.documentElement.classList.toggle("dark", change.matches);
  });
}

await wait(knobs.delay);
for (const island of document.querySelectorAll(".SVELTE_HYDRATER")) hydrate(island);
followTheme();
document.body.dataset.hydrated = knobs.generation;
