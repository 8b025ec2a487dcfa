/** What the pages have beyond plain HTML: forms that leave the page where it is, and opens that are noted. */

/** @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function sendQuietly(form, button) {
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, button)));
  // By the attribute: the forms' buttons are called `action`, and hide the property.
  const answer = await fetch(form.getAttribute("action") ?? "", { method: "POST", body }).catch(() => null);
  if (!answer) return showTrouble(document.body.dataset.unreachable ?? "");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = fresh.querySelector("main");
  // Signed out meanwhile: as without a script, which leads to where a session begins.
  if (!main || !fresh.body.dataset.formToken) return location.reload();
  if (!answer.ok) return showTrouble(main.querySelector("p")?.textContent ?? fresh.title);
  replaceMain(main, button);
  document.title = fresh.title;
}

/** Say above what is there that it did not work, and leave all else. @param {string} sentence */
function showTrouble(sentence) {
  document.querySelector(".notice")?.remove();
  const notice = document.createElement("div");
  notice.className = "notice trouble";
  notice.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  document.querySelector("main")?.prepend(notice);
  say(sentence);
}

/** @param {Element} main @param {HTMLElement | null} button that was pressed */
function replaceMain(main, button) {
  const open = [...document.querySelectorAll("main details[open][id]")].map(({ id }) => id);
  document.querySelector("main")?.replaceWith(main);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  showWhatNeedsScript();
  const notice = main.querySelector(".notice");
  // Gone with what it did: then to its undo, and so on.
  const next = (button?.id && document.getElementById(button.id)) || notice?.querySelector("button") || main;
  /** @type {HTMLElement} */ (next).focus({ preventScroll: true });
  say(notice?.querySelector("p")?.textContent ?? "");
}

/** @param {string} sentence for a screen reader */
function say(sentence) {
  const line = document.getElementById("said");
  if (line) line.textContent = sentence.trim();
}

function showWhatNeedsScript() {
  for (const one of document.querySelectorAll(".pick-all")) one.removeAttribute("hidden");
}

/** Show what is like a paper below it, as its own page has it. @param {HTMLAnchorElement} link */
async function showSimilar(link) {
  const box = /** @type {HTMLElement} */ (link.closest(".paper")?.querySelector(".similar"));
  if (!box.childElementCount) {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.querySelector("#similar ol");
    if (!answer.ok || !list) throw new Error("not the page of a paper");
    // The same paper may stand elsewhere on this page, and does not have its id twice.
    for (const one of list.querySelectorAll("[id]")) one.removeAttribute("id");
    box.append(list.childElementCount ? list : (page.querySelector("#similar p") ?? ""));
    box.hidden = true;
  }
  box.hidden = !box.hidden;
  link.setAttribute("aria-expanded", String(!box.hidden));
}

/** @param {Event} event */
function noteOpen(event) {
  const link = /** @type {Element | null} */ (event.target)?.closest?.("a[data-open]");
  if (!link || !event.isTrusted || /** @type {MouseEvent} */ (event).button > 1) return;
  const place = /** @type {HTMLElement | null} */ (link.closest("[data-surface]"));
  const form = new URLSearchParams({ action: "open", form_token: document.body.dataset.formToken ?? "" });
  form.set("id", /** @type {HTMLElement} */ (link).dataset.open ?? "");
  form.set("surface", place?.dataset.surface ?? "library");
  if (place?.dataset.listId) form.set("list_id", place.dataset.listId);
  if (place?.dataset.position) form.set("position", place.dataset.position);
  navigator.sendBeacon("/papers", form);
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (event.submitter);
  if (form.getAttribute("method") !== "post" || !("quiet" in form.dataset) || (button && "loud" in button.dataset))
    return;
  event.preventDefault();
  sendQuietly(form, button);
});

document.addEventListener("change", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if ("send" in field.dataset) field.form?.requestSubmit();
  if ("all" in field.dataset) {
    for (const box of document.querySelectorAll(".pick")) /** @type {HTMLInputElement} */ (box).checked = field.checked;
  }
});

document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest?.("a[data-similar]");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showSimilar(link).catch(() => location.assign(link.href));
});

document.addEventListener("focusin", ({ target }) => {
  if (target instanceof HTMLInputElement && target.readOnly) target.select();
});
for (const kind of ["click", "auxclick"]) document.addEventListener(kind, noteOpen);
showWhatNeedsScript();
