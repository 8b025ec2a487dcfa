import { afterEach, expect, test, vi } from "vitest";
import { standIn, text } from "../../extension/src/browser.js";

const speaking = (words) => ({
  i18n: { getMessage: vi.fn((key, values) => (words[key] ?? "").replace("$1", values[0] ?? "")) },
});
afterEach(() => standIn(undefined));

test("a text is asked for once, whatever its values", () => {
  const browser = speaking({ save: "Save", more: "$1 more" });
  standIn(browser);
  const said = [text("save"), text("save"), text("more", 2), text("more", "$1 a"), text("more")];
  expect(said).toEqual(["Save", "Save", "2 more", "$1 a more", " more"]);
  expect(browser.i18n.getMessage).toHaveBeenCalledTimes(3);
});

test("each value of a text goes where the language has it, as often as it is named", () => {
  const getMessage = (key, values) => "$2: $1, $2".replace(/\$(\d)/g, (_, number) => values[number - 1]);
  standIn({ i18n: { getMessage } });
  expect([text("both", "a", "b"), text("both", "$2", "\ue001")]).toEqual(["b: a, b", "\ue001: $2, \ue001"]);
});

test.each([
  ["Serving", "Close to Serving"],
  ["\u05e9\u05dc\u05d5\u05dd", "Close to \u2068\u05e9\u05dc\u05d5\u05dd\u2069"],
  [
    "Models for \u0627\u0644\u0639\u0631\u0628\u064a\u0629 text",
    "Close to \u2068Models for \u0627\u0644\u0639\u0631\u0628\u064a\u0629 text\u2069",
  ],
  ["\u{1e900}\u{1e901}", "Close to \u2068\u{1e900}\u{1e901}\u2069"],
  ["\u4f60\u597d \u03b1\u03b2", "Close to \u4f60\u597d \u03b1\u03b2"],
])("a value that runs the other way stands apart in its sentence: %j", (title, sentence) => {
  standIn(speaking({ close: "Close to $1" }));
  expect(text("close", title)).toBe(sentence);
});

test("another browser in its place is asked anew, and a text it lacks is its key", () => {
  standIn(speaking({ save: "Save" }));
  text("save");
  standIn(speaking({ save: "Speichern" }));
  expect([text("save"), text("hide")]).toEqual(["Speichern", "hide"]);
});

test("a copy that was replaced has the words it knew, and no exception for the others", () => {
  const browser = { ...speaking({ save: "Save" }), runtime: { id: "us" } };
  standIn(browser);
  text("save");
  browser.i18n.getMessage.mockImplementation(() => {
    throw new Error("Extension context invalidated.");
  });
  expect(() => text("hide")).toThrow("invalidated");
  delete browser.runtime.id;
  expect([text("save"), text("hide"), text("more", 2)]).toEqual(["Save", "", ""]);
});
