/** Makes forms quieter: what is written is sent beside the page, and only what changed is replaced. */

/** @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function sendQuietly(form, button) {
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = fresh.querySelector("main");
  if (!main || !fresh.body.dataset.formToken) throw new Error("not one of the pages");
  replaceMain(main, button);
  document.title = fresh.title;
  if (answer.ok) history.replaceState(null, "", new URL(answer.url).pathname + new URL(answer.url).search);
}

/** @param {Element} main @param {HTMLElement | null} button */
function replaceMain(main, button) {
  const open = [...document.querySelectorAll("main details[open]")].map((one) => one.id).filter(Boolean);
  const focused = button?.id || document.activeElement?.id;
  document.querySelector("main")?.replaceWith(main);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const target = (focused && document.getElementById(focused)) || main.querySelector(".notice button, .notice");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  say(main.querySelector(".notice")?.textContent ?? "");
}

/** @param {string} sentence for a screen reader */
function say(sentence) {
  const line = document.getElementById("said");
  if (line) line.textContent = sentence.trim();
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method !== "post" || !("quiet" in form.dataset)) return;
  event.preventDefault();
  const button = /** @type {HTMLElement | null} */ (event.submitter);
  sendQuietly(form, button).catch(() => {
    delete form.dataset.quiet;
    form.requestSubmit(button);
  });
});
