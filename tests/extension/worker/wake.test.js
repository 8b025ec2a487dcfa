import { afterEach, expect, test } from "vitest";
import { end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const fresh = () => pairedBrowser({ serverUrl: "", token: "" });

test("what waits from before a browser restart is sent when it starts", async () => {
  const save = event("save", "2501.00001");
  const browser = await pairedBrowser({ queue: [{ event: save, tried: true }] });
  await browser.pass(100);
  expect(browser.server.ids()).toEqual([save.id]);
  expect(browser.alarms.get("flush")).toEqual({ periodInMinutes: 1 });
});

test("an installation opens the welcome page, an update does not", async () => {
  const browser = await fresh();
  browser.life.tell("installed", { reason: "update" });
  await browser.pass(100);
  expect(browser.opened).toEqual([]);
  browser.life.tell("installed", { reason: "install" });
  await browser.pass(100);
  expect(browser.opened).toEqual(["chrome-extension://us/src/welcome/welcome.html"]);
});
