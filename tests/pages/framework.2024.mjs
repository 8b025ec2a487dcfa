import { ISLANDS } from "./islands.mjs";

export const hydrateIsland = (target, props) => new ISLANDS[target.dataset.target]({ target, props, hydrate: true });
