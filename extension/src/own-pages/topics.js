/** The reader's topics where they are typed, on the welcome and the options page: each is seen, and can be removed. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";
import { byId } from "./own-page.js";

/** @typedef {"interests" | "followed" | "muted"} TopicList */

/** What a topic may name, as it is written before the colon. */
const NAMED = /^(author|category|org):(.+)$/s;

/**
 * A topic in words: "Author: Ann Example" for `author:Ann Example`; plain words as they are.
 * @param {string} topic
 */
export function topicInWords(topic) {
  const [, kind, name] = NAMED.exec(topic) ?? [];
  return kind ? text(`own_topic_${kind}`, name.trim()) : topic;
}

/**
 * @param {TopicList} list
 * @param {string} topic
 * @param {(sentence: string) => void} say
 */
function topicLine(list, topic, say) {
  const words = topicInWords(topic);
  const onclick = async () => {
    const reply = await send(FROM_OWN.interestsRemove, { list, topic });
    if (!reply.ok) return say(reply.error.message);
    say(text("own_topic_removed", words));
    drawLists(reply, say);
    byId("interest").focus();
  };
  const facts = { type: "button", class: "quiet", "aria-label": text("own_topic_remove_named", words), onclick };
  const note = list !== "interests" && make("span", { class: "small" }, text(`own_topic_${list}`));
  const named = make("span", {}, words, note && make("br"), note);
  return make("li", { class: "line" }, named, make("button", facts, text("own_topic_remove")));
}

/**
 * @param {Record<TopicList, string[]>} lists
 * @param {(sentence: string) => void} say
 */
function drawLists(lists, say) {
  const names = /** @type {const} */ (["interests", "followed", "muted"]);
  const lines = names.flatMap((name) => lists[name].map((topic) => topicLine(name, topic, say)));
  byId("topics").replaceChildren(...lines);
}

/**
 * Draw what the server knows of topics. Without an answer there is nothing to draw.
 * @param {(sentence: string) => void} say
 * @returns {Promise<boolean>} whether the server has answered
 */
export async function drawTopics(say) {
  const reply = await send(FROM_OWN.interestsList);
  if (reply.ok) drawLists(reply, say);
  return reply.ok;
}

/**
 * Start the form that adds a topic.
 * @param {(sentence: string) => void} say
 * @param {() => unknown} [onAdded]
 */
export function topicForm(say, onAdded = () => {}) {
  byId("topic").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const topic = byId("interest").value.trim();
    if (!topic) return;
    const reply = await send(FROM_OWN.interestsAdd, { interests: [topic] });
    if (!reply.ok) return say(reply.error.message);
    say(text("own_topic_added", topicInWords(topic)));
    byId("interest").value = "";
    drawLists(reply, say);
    await onAdded();
  });
}
