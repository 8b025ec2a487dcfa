import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openOwnPage } from "../own-pages-kit.js";

/** @type {typeof import("../../../extension/src/popup/lines.js")} */
let lines;

beforeEach(async () => {
  openOwnPage("src/popup/popup.html");
  lines = await import("../../../extension/src/popup/lines.js");
});

afterEach(() => vi.unstubAllGlobals());

test("a link is made of the id alone, and says the id where there is no title", () => {
  const link = lines.paperLink({ id: "2501.00001", title: null, url: "https://evil.example/" });
  expect([link.href, link.textContent, link.rel]).toEqual([
    "https://huggingface.co/papers/2501.00001",
    "2501.00001",
    "noopener",
  ]);
  expect(lines.paperLink({ id: "hep-th/9901001", title: "Old" }).href).toBe("https://arxiv.org/abs/hep-th/9901001");
  expect(lines.paperLink({ id: "javascript:alert(1)", title: "No" }).hasAttribute("href")).toBe(false);
});

test("a line has three authors and its notes, and no empty line for what is not there", () => {
  const paper = { id: "2501.00001", title: "One", authors: ["A", "B", "C", "D"] };
  const line = lines.paperLine(paper, ["Saved", false, ""], document.createElement("button"));
  expect([...line.querySelectorAll(".small")].map(({ textContent }) => textContent)).toEqual(["A, B, C", "Saved"]);
  expect(line.querySelectorAll("br")).toHaveLength(2);
  expect(line.lastElementChild.tagName).toBe("BUTTON");
  expect(lines.paperLine({ id: "2501.00001", title: "One" }, []).querySelectorAll("br")).toHaveLength(0);
});

test("a title is text, whatever is in it", () => {
  const line = lines.paperLine({ id: "2501.00001", title: "<img src=x onerror=alert(1)>" }, ["<b>bold</b>"]);
  expect(line.querySelectorAll("img, b")).toHaveLength(0);
});

test("without lines there is a sentence", () => {
  expect(lines.linesOr([], "Nothing.").outerHTML).toBe("<p>Nothing.</p>");
  expect(lines.linesOr([lines.paperLine({ id: "2501.00001", title: "One" }, [])], "Nothing.").tagName).toBe("UL");
});

test("a search field has a name, and a hint", () => {
  const field = lines.searchField("Search", "Words");
  expect([field.getAttribute("aria-label"), field.placeholder, field.type]).toEqual(["Search", "Words", "search"]);
});
