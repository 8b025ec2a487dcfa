import { ISLANDS } from "./islands.mjs";

export const renderIsland = (name, props) => ISLANDS[name].render(props).html;
