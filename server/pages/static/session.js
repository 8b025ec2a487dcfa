/**
 * Sends the secret of the link this page was opened with: it is after the #, which no browser sends by itself and no
 * log sees. Alone where this browser's user opened the link; led here by another site, they are asked first.
 */

const page = /** @type {HTMLElement} */ (document.getElementById("session"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("begin"));
const code = location.hash.slice(1);

if (/^[\w-]{20,100}$/.test(code)) {
  history.replaceState(null, "", location.pathname + location.search);
  /** @type {HTMLInputElement} */ (form.elements.namedItem("code")).value = code;
  form.hidden = false;
  document.getElementById("how")?.setAttribute("hidden", "");
  if (!("ask" in page.dataset)) form.requestSubmit();
} else if (page.dataset.already) {
  location.replace(page.dataset.already);
} else if (page.dataset.again) {
  // From here the browser sends the session's cookie, which it kept back when another site's link led here.
  location.replace(page.dataset.again);
}
