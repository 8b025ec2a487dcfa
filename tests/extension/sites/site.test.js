import { beforeEach, expect, test } from "vitest";
import { childOf, clean, commonParent, mergeFacts, textOf } from "../../../extension/src/sites/site.js";
import { openPage } from "../page-kit.js";

const HTML = `<main><ul id="grid"><li id="a"><p><b id="deep">x</b></p></li><li id="b"><i id="other">y</i></li></ul>
  <h1>Title <span class="note">note</span></h1></main>`;
const get = (id) => document.getElementById(id);
beforeEach(() => openPage("https://huggingface.co/papers", { html: HTML }));

test("text is one line, without the parts left out, and the page keeps them", () => {
  expect(clean(" a \n\t b ")).toBe("a b");
  expect(clean(null)).toBe("");
  const heading = document.querySelector("h1");
  expect([textOf(heading), textOf(heading, ".note"), textOf(null)]).toEqual(["Title note", "Title", ""]);
  expect(heading.querySelector(".note")).not.toBe(null);
});

test("every kind of white space is one space, and nothing else is", () => {
  const spaces = ["\t", "\n", "\r", "\f", "\v", "\u00a0", "\u2003", "\u3000", "\ufeff", " "];
  for (const one of spaces)
    for (const two of ["", ...spaces]) expect(clean(`${one}a${one}${two}b c${two}${one}`)).toBe("a b c");
  expect(clean("a\u200bb  c ")).toBe("a\u200bb c");
});

test("known facts of the first card win, empty ones do not", () => {
  const first = { id: "1", title: "", abstract: "A", authors: [], upvotes: null, upvoted: false };
  const second = { id: "2", title: "T", abstract: "B", authors: ["Ada"], upvotes: 3, upvoted: true };
  expect(mergeFacts(first, second)).toEqual({
    id: "1",
    title: "T",
    abstract: "A",
    authors: ["Ada"],
    upvotes: 3,
    upvoted: false,
  });
});

test("the nearest common parent, and the child of it that holds an element", () => {
  expect(commonParent([get("deep"), get("other")])).toBe(get("grid"));
  expect(commonParent([get("deep")]).tagName).toBe("P");
  expect(commonParent([])).toBe(null);
  expect(childOf(get("deep"), get("grid"))).toBe(get("a"));
  // Not inside: the element itself.
  expect(childOf(get("deep"), get("b"))).toBe(get("deep"));
});
