import { beforeEach, expect, test } from "vitest";
import { ageOf } from "../../../extension/src/ui/age.js";
import { openPage } from "../page-kit.js";

const NOW = Date.parse("2026-11-20T12:00:00Z");

beforeEach(() => openPage("https://huggingface.co/papers", { html: "<body></body>" }));

test.each([
  ["2026-11-20T09:00:00Z", "today"],
  ["2026-11-19T12:00:00Z", "yesterday"],
  ["2026-11-01T12:00:00Z", "3 wk. ago"],
  ["2026-09-20T12:00:00Z", "2 mo. ago"],
  ["2023-11-20T12:00:00Z", "3 yr. ago"],
  // A clock that is wrong makes nothing newer than today.
  ["2026-11-22T12:00:00Z", "today"],
])("%s is %s", (moment, age) => expect(ageOf(moment, NOW)).toBe(age));

test("within a day an exact age is in minutes or hours, at least one minute", () => {
  expect(ageOf("2026-11-20T11:59:50Z", NOW, true)).toBe("1 min. ago");
  expect(ageOf("2026-11-20T09:00:00Z", NOW, true)).toBe("3 hr. ago");
  expect(ageOf("2026-11-18T12:00:00Z", NOW, true)).toBe("2 days ago");
});

test("what is no date has no age", () => {
  expect(ageOf(null, NOW)).toBe("");
  expect(ageOf("nonsense", NOW)).toBe("");
});
