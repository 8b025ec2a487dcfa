import { afterEach, expect, test, vi } from "vitest";
import { byId, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

/** @param {object} reply */
async function save(reply) {
  const { window } = openOwnPage("src/options/options.html", { answer: () => reply });
  const files = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => (files.push(blob), "blob:x"));
  const click = vi.spyOn(window.HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  const { saveExport } = await import("../../../extension/src/own-pages/export.js");
  const isSaved = await saveExport();
  return { isSaved, files, clicks: click.mock.calls.length, said: byId("said").textContent };
}

test("the export is a file word for word", async () => {
  const { isSaved, files, clicks, said } = await save({ ok: true, body: { events: [{ id: "1" }] } });
  expect([isSaved, clicks, said]).toEqual([true, 1, "The file is in your downloads."]);
  expect(JSON.parse(await files[0].text())).toEqual({ events: [{ id: "1" }] });
});

test("a refusal is said, and there is no file: leaving asks again then", async () => {
  const reply = { ok: false, error: { code: "network", message: "The server does not answer." } };
  expect(await save(reply)).toMatchObject({ isSaved: false, clicks: 0, said: "The server does not answer." });
});
