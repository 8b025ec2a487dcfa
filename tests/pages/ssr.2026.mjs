import { render } from "svelte/server";
import { ISLANDS } from "./islands.mjs";

export const renderIsland = (name, props) => render(ISLANDS[name], { props }).body;
