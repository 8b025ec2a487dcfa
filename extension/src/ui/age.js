/** How long ago something was, in the reader's language. */

import { text } from "../browser.js";

const DAY_MS = 86_400_000;

/** @type {Intl.RelativeTimeFormat | undefined} */
let format;

/** The first call takes longer than all else in the panel: make it early. */
export const ageFormat = () =>
  (format ??= new Intl.RelativeTimeFormat(text("page_language"), { numeric: "auto", style: "short" }));

/**
 * How long ago a moment was, in days, weeks, months or years; "" if unknown.
 * @param {string | null} moment RFC 3339
 * @param {number} [now] epoch milliseconds
 * @param {boolean} [isExact] in minutes or hours, within a day
 */
export function ageOf(moment, now = Date.now(), isExact = false) {
  const at = moment ? Date.parse(moment) : NaN;
  if (Number.isNaN(at)) return "";
  const days = Math.max(0, Math.round((now - at) / DAY_MS));
  const relative = ageFormat();
  if (isExact && now - at < DAY_MS) return ageWithinDay(relative, now - at);
  if (days < 14) return relative.format(-days, "day");
  if (days < 60) return relative.format(-Math.round(days / 7), "week");
  return days < 700
    ? relative.format(-Math.round(days / 30.4), "month")
    : relative.format(-Math.round(days / 365), "year");
}

/**
 * @param {Intl.RelativeTimeFormat} format
 * @param {number} passed milliseconds
 */
function ageWithinDay(format, passed) {
  const minutes = Math.max(1, Math.round(passed / 60_000));
  return minutes < 60 ? format.format(-minutes, "minute") : format.format(-Math.round(minutes / 60), "hour");
}
