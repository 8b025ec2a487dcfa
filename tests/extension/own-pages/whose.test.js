import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openPage, pass } from "../page-kit.js";

const LINK = "https://lab.example.org/pair#9FKM-N0J8-V5EK";
const OTHER = "https://other.example.org/pair#9FKM-N0J8-V5EK";
const words = (language) =>
  JSON.parse(readFileSync(new URL(`../../../extension/_locales/${language}/messages.json`, import.meta.url)));
const html = readFileSync(new URL("../../../extension/src/welcome/welcome.html", import.meta.url), "utf8");
const byId = (id) => document.getElementById(id);
const told = () => byId("whose").textContent;

/** @type {{asked: any[], answer: (message: any) => any}} */
let worker;

async function open(language = "en") {
  openPage("https://us.example.org/welcome.html", { html });
  const messages = words(language);
  const getMessage = (key, values = []) => messages[key].message.replace(/\$(\d)/g, (_, at) => values[at - 1]);
  worker = { asked: [], answer: () => ({ ok: true, whose: { reader_id: "", operator: false, devices: [] } }) };
  const sendMessage = async (message) => (worker.asked.push(message), worker.answer(message));
  vi.stubGlobal("navigator", { userAgent: "Firefox on Linux" });
  vi.stubGlobal("chrome", { i18n: { getMessage }, runtime: { id: "us", sendMessage } });
  vi.resetModules();
  const { connectForm } = await import("../../../extension/src/own-pages/connect.js");
  connectForm(() => {});
}

beforeEach(() => open());
afterEach(() => vi.unstubAllGlobals());

/** @param {string} id @param {string} type @param {object} [more] */
const happen = (id, type, more = {}) =>
  byId(id).dispatchEvent(
    Object.assign(new document.defaultView.Event(type, { bubbles: true, cancelable: true }), more),
  );

function type(value, inputType = "insertText") {
  byId("address").value = value;
  happen("address", "input", { inputType });
}

function agree() {
  byId("agreed").checked = true;
  happen("agreed", "change");
}

const says = async (whose, language) => {
  await open(language);
  worker.answer = () => ({ ok: true, whose });
  type(LINK);
  agree();
  await pass();
  return told();
};

test.each([
  [
    { reader_id: "", operator: true, devices: [] },
    "This link makes the server’s first reader, its operator.",
    "Dieser Link legt die erste Person dieses Servers an: die, die ihn betreibt.",
  ],
  [
    { reader_id: "", operator: false, devices: [] },
    "This link makes a new reader.",
    "Dieser Link legt eine neue Person an.",
  ],
  [
    { reader_id: "r", operator: false, devices: ["Firefox", "<b>Edge</b>"] },
    "This link is for the next browser of the reader who has: Firefox, <b>Edge</b>.",
    "Dieser Link ist für den nächsten Browser einer Person, die es hier schon gibt. Bisher hat sie: Firefox, <b>Edge</b>.",
  ],
  [
    { reader_id: "r", operator: true, devices: [] },
    "This link is for the next browser of the server’s operator, who has: no browser yet.",
    "Dieser Link ist für den nächsten Browser der Person, die den Server betreibt. Bisher hat sie: noch keinen.",
  ],
  [
    { reader_id: "r", operator: false, devices: [..."abcdefg"] },
    "This link is for the next browser of the reader who has: a, b, c, d, e and 2 more.",
    "Dieser Link ist für den nächsten Browser einer Person, die es hier schon gibt. Bisher hat sie: a, b, c, d, e und 2 weitere.",
  ],
])("%j is said in a plain sentence, as text", async (whose, english, german) => {
  expect(await says(whose, "en")).toBe(english);
  expect(byId("whose").children).toHaveLength(0);
  expect(await says(whose, "de")).toBe(german);
});

test("nothing is asked before the reader agrees, not by pasting and not by pressing Connect", async () => {
  type(LINK, "insertFromPaste");
  happen("address", "change");
  happen("connect", "submit");
  await pass();
  expect(worker.asked).toEqual([]);
  agree();
  await pass();
  expect(worker.asked).toMatchObject([{ type: "pair/whose", address: LINK, agreed: "https://lab.example.org" }]);
  expect(told()).toBe("This link makes a new reader.");
});

test("a pasted link is asked for at once, a typed one when it is whole; each once", async () => {
  agree();
  worker.asked.length = 0;
  for (const part of ["https://lab.ex", LINK.slice(0, -1), LINK]) type(part);
  expect(worker.asked).toEqual([]);
  happen("address", "change");
  await pass();
  happen("address", "change");
  type(OTHER, "insertFromPaste");
  expect(told()).toBe("");
  await pass();
  expect(worker.asked.map(({ address }) => address)).toEqual([LINK, OTHER]);
});

test("it is said before the link is used, and is gone after that", async () => {
  type(LINK);
  byId("agreed").checked = true;
  const order = [];
  worker.answer = ({ type: asked }) => {
    order.push([asked, told()]);
    return asked === "pair/whose"
      ? { ok: true, whose: { reader_id: "", operator: false, devices: [] } }
      : { ok: true, steps: [{ step: "kept", ok: true, message: "Paired." }] };
  };
  vi.stubGlobal("chrome", { ...chrome, permissions: { request: async () => true } });
  happen("connect", "submit");
  await pass(20);
  expect(order).toEqual([
    ["pair/whose", ""],
    ["pair/connect", "This link makes a new reader."],
  ]);
  expect(told()).toBe("");
});

test("an answer that comes when another link is there says nothing of that", async () => {
  let late;
  worker.answer = () => new Promise((settle) => (late = settle));
  type(LINK);
  agree();
  await pass();
  type(OTHER);
  late({ ok: true, whose: { reader_id: "", operator: true, devices: [] } });
  await pass();
  expect(told()).toBe("");
});

test.each([[{ ok: true, whose: null }], [{ ok: false, error: { code: "unknown_message", message: "x" } }]])(
  "after %j nothing is said, and it may be asked again",
  async (answer) => {
    worker.answer = () => answer;
    type(LINK);
    agree();
    await pass();
    expect(told()).toBe("");
    happen("address", "change");
    await pass();
    expect(worker.asked).toHaveLength(2);
  },
);
