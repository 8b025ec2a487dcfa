/** Shows the link this page was opened with. The code stays in the browser: it is after the #. */

const code = decodeURIComponent(location.hash.slice(1));
const byId = (id) => document.getElementById(id);

if (/^[0-9A-Za-z-]{6,40}$/.test(code)) {
  const link = `${location.origin}/pair#${code}`;
  byId("link").textContent = link;
  byId("address").textContent = location.origin;
  byId("code").textContent = code;
  byId("missing").hidden = true;
  byId("found").hidden = false;
  tellWhose();
  byId("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link);
      byId("said").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(byId("link"));
      byId("said").textContent = "Your browser does not let this page copy; the link is selected, copy it yourself.";
    }
  });
}

/** Say whom the link is for, so that nobody becomes somebody else without knowing. */
async function tellWhose() {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }) };
  const answer = await fetch("/v1/pairing-codes/whose", request).catch(() => null);
  const told = await answer?.json().catch(() => null);
  byId("whose").textContent = answer?.ok
    ? sentence(told)
    : (told?.error?.message ?? "The server does not answer just now.");
}

/** @param {{reader_id: string | null, operator: boolean, devices: string[]}} whose @returns {string} */
function sentence({ reader_id, operator, devices }) {
  if (!reader_id)
    return operator ? "This link makes the server's first reader, its operator." : "This link makes a new reader.";
  return `This link is for the next browser of the reader who has: ${devices.join(", ") || "no browser yet"}.`;
}
