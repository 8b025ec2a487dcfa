/** Puts times into the reader's own zone, which the server does not know. */

const written = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

for (const time of document.querySelectorAll("time[data-local]")) {
  time.textContent = written.format(new Date(/** @type {HTMLTimeElement} */ (time).dateTime));
}
