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
