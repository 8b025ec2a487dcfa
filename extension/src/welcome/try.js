/** "Try it here": the content script itself, on sample cards, with a stand-in worker that sends nothing. */

import { browser, standIn } from "../browser.js";
import { make } from "../ui/dom.js";
import { byId, translatePage } from "../own-pages/own-page.js";
import { LISTED } from "./sample-papers.js";
import { sampleBrowser } from "./sample-worker.js";

/** @param {import("./sample-papers.js").SamplePaper} paper */
function card({ id, title, authors, abstract }) {
  const link = make("a", { href: `https://huggingface.co/papers/${id}`, target: "_blank", rel: "noopener" }, title);
  return make("article", {}, make("h3", {}, link), make("p", {}, authors.join(", ")), make("p", {}, abstract));
}

translatePage();
byId("cards").append(...LISTED.map(card));
standIn(sampleBrowser(browser()));
await import("../content.js");
