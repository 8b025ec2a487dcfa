import { hydrate } from "svelte";
import { ISLANDS } from "./islands.mjs";

export const hydrateIsland = (target, props) =>
  hydrate(ISLANDS[target.dataset.target], { target, props, recover: true });
