import { beforeEach, expect, test } from "vitest";
import { cardOf, countInProps, factsOf, propsOf } from "../../../extension/src/sites/huggingface-props.js";
import { openPage } from "../page-kit.js";

beforeEach(() => openPage("https://huggingface.co/papers", { html: "<div></div>" }));

const island = (props) => {
  const element = document.querySelector("div");
  element.setAttribute("data-props", props);
  return element;
};
const here = (page, kind = "daily") => ({ site: "huggingface", kind, page, paper: null });

test.each(["", "{", "null", "7", '"text"'])("props that are %j are no props", (raw) => {
  expect(propsOf(island(raw))).toEqual({});
});

test("props are parsed anew when the page changes them", () => {
  expect(propsOf(island('{"a": 1}'))).toEqual({ a: 1 });
  expect(propsOf(island('{"a": 2}'))).toEqual({ a: 2 });
});

test("a card takes what is stated and of the right kind", () => {
  const paper = {
    id: "2501.00001",
    title: " A \n title ",
    authors: [{ name: "Ada" }, { name: "X", hidden: true }, null],
  };
  expect(cardOf({ paper, publishedAt: "2026-11-20", upvoted: "yes" })).toMatchObject({
    id: "2501.00001",
    title: "A title",
    abstract: "",
    authors: ["Ada"],
    published_at: "2026-11-20T00:00:00.000Z",
    upvotes: null,
    upvoted: false,
  });
  expect(cardOf({ ...paper, publishedAt: "soon", upvotes: "7" })).toMatchObject({ published_at: null, upvotes: null });
  for (const other of [null, 7, {}, { id: "../etc" }, { id: 7 }]) expect(cardOf(other)).toBe(null);
});

test("facts that are not words are none, and break nothing", () => {
  const paper = { id: "2501.00001", title: 7, summary: {}, authors: [{ name: 3 }, { name: "Ada" }, 5] };
  expect(cardOf({ paper, organization: { fullname: [1] } })).toMatchObject({
    title: "",
    abstract: "",
    authors: ["Ada"],
    organization: "",
  });
});

test("papers are found under any name; search results come first", () => {
  const entry = (title) => ({ paper: { id: "2501.00001", title } });
  const facts = factsOf({ renamed: [entry("late")], searchResults: [entry("first")], dailyPapers: [entry("second")] });
  expect([...facts.values()].map(({ title }) => title)).toEqual(["first"]);
  expect(factsOf({ renamed: [entry("late")] }).size).toBe(1);
});

test("props left behind by a period tab count nothing", () => {
  const props = { dateString: "2026-11-19", dailyPapers: [{ paper: { id: "2501.00001" } }] };
  expect(countInProps(props, here("daily/2026-11-19"))).toBe(1);
  expect(countInProps(props, here("daily/2026-11-20"))).toBe(0);
  // A week has another form of date: nothing can be said against it.
  expect(countInProps(props, here("weekly/2026-W47", "weekly"))).toBe(1);
});
