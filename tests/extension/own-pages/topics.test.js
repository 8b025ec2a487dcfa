import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pass } from "../page-kit.js";
import { byId, dispatch, openOwnPage } from "../own-pages-kit.js";

afterEach(() => vi.unstubAllGlobals());

const LISTS = {
  interests: ["long contexts", "author:Ann Example"],
  followed: ["category:cs.LG", "org: Lab of Tables"],
  muted: ["org:Ads"],
};
const NONE = { interests: [], followed: [], muted: [] };
let replies;
let said;

/** The options page with its topics. */
async function open() {
  const page = openOwnPage("src/options/options.html", { answer: ({ type }) => replies[type] });
  const topics = await import("../../../extension/src/own-pages/topics.js");
  said = [];
  return { ...page, ...topics, say: (sentence) => said.push(sentence) };
}

beforeEach(() => (replies = { "interests/list": { ok: true, ...LISTS } }));

const lines = () =>
  [...byId("topics").querySelectorAll("li")].map((line) => line.querySelector("span").textContent.trim());

async function type(words) {
  byId("interest").value = words;
  dispatch(byId("topic"), "submit");
  await pass();
}

test.each([
  ["long contexts", "long contexts"],
  ["author:Ann Example", "Author: Ann Example"],
  ["category:cs.LG", "Category: cs.LG"],
  ["org: Lab: of Tables", "Organisation: Lab: of Tables"],
  ["author:", "author:"],
  ["authors: who", "authors: who"],
  ["a talk on author:x", "a talk on author:x"],
  ["<b>x</b>", "<b>x</b>"],
])("%j is shown as %j", async (topic, words) => {
  const { topicInWords } = await open();
  expect(topicInWords(topic)).toBe(words);
});

test("every topic is shown, and what is followed or muted says so", async () => {
  const { drawTopics, say } = await open();
  expect(await drawTopics(say)).toBe(true);
  expect(lines()).toEqual([
    "long contexts",
    "Author: Ann Example",
    "Category: cs.LGFollowed",
    "Organisation: Lab of TablesFollowed",
    "Organisation: AdsMuted",
  ]);
  expect(byId("topics").querySelectorAll("button")[1].getAttribute("aria-label")).toBe("Remove: Author: Ann Example");
});

test("a topic is removed where it stands, and the focus goes to where the next is typed", async () => {
  const { drawTopics, say, of } = await open();
  await drawTopics(say);
  byId("follow").hidden = false;
  replies["interests/remove"] = { ok: true, ...LISTS, muted: [] };
  byId("topics").querySelectorAll("button")[4].click();
  await pass();
  expect(of("interests/remove")).toEqual([{ type: "interests/remove", list: "muted", topic: "org:Ads" }]);
  expect([lines().length, said, document.activeElement.id]).toEqual([4, ["Removed: Organisation: Ads"], "interest"]);
});

test("a topic that is added is seen at once; an empty one is not sent", async () => {
  const { topicForm, say, of } = await open();
  const onAdded = vi.fn();
  topicForm(say, onAdded);
  replies["interests/add"] = { ok: true, ...NONE, interests: ["author:Ann Example"] };
  await type("   ");
  expect(of("interests/add")).toEqual([]);
  await type(" author:Ann Example ");
  expect(of("interests/add")).toEqual([{ type: "interests/add", interests: ["author:Ann Example"] }]);
  expect([lines(), said, byId("interest").value]).toEqual([
    ["Author: Ann Example"],
    ["Added: Author: Ann Example"],
    "",
  ]);
  expect(onAdded).toHaveBeenCalledOnce();
});

test("what the server refuses is said, and what was typed or listed stays", async () => {
  const { drawTopics, topicForm, say } = await open();
  await drawTopics(say);
  topicForm(say);
  const refusal = { ok: false, error: { code: "invalid", message: "Too long." } };
  Object.assign(replies, { "interests/add": refusal, "interests/remove": refusal });
  await type("a topic");
  byId("topics").querySelector("button").click();
  await pass();
  expect([said, byId("interest").value, lines().length]).toEqual([["Too long.", "Too long."], "a topic", 5]);
});

test("with the server silent there is nothing to draw", async () => {
  const { drawTopics, say } = await open();
  replies["interests/list"] = { ok: false, error: { code: "network", message: "No answer." } };
  expect(await drawTopics(say)).toBe(false);
  expect([lines(), said]).toEqual([[], []]);
});
