import { afterEach, expect, test } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { shortcuts } from "../../../extension/src/features/shortcuts.js";
import { pass, pressByHand } from "../page-kit.js";
import { drawn, hosts, inPanel, keeping, start, stop } from "./listing-kit.js";

afterEach(stop);

test("keys act on the focused card, and never while the reader types or holds a modifier", async () => {
  const { window, of, papers } = start([marks, order, shortcuts], { answer: keeping });
  await drawn();
  const field =
    document.querySelector("input[type=search], input:not([type])") ??
    document.body.appendChild(document.createElement("input"));
  pressByHand(window, field, "o");
  pressByHand(window, document.body, "o", { ctrlKey: true });
  expect(of("settings/set")).toEqual([]);
  pressByHand(window, document.body, "o");
  expect(of("settings/set")).toHaveLength(1);
  pressByHand(window, document.body, "o");
  document.querySelectorAll("article h3 a")[2].focus();
  pressByHand(window, document.activeElement, "s");
  await drawn();
  expect(of("event/log").map(({ event }) => [event.kind, event.paper])).toEqual([["save", papers[2]]]);
});

test("a key that was taken away or given to something else follows the settings", async () => {
  const { window, of, page } = start([marks, order, shortcuts]);
  await drawn();
  page.view.settings.shortcuts = { order: "", next: "n" };
  pressByHand(window, document.body, "o");
  expect(of("settings/set")).toEqual([]);
  pressByHand(window, document.body, "n");
  expect(document.activeElement).toBe(hosts()[0]);
});

test("in the panel keys act on its focused paper", async () => {
  const { window, of } = start([marks, panel, shortcuts], { answer: keeping });
  await drawn();
  inPanel("[data-paper] a")[1].focus();
  pressByHand(window, document.activeElement, "s");
  await pass();
  expect(of("event/log")[0].event).toMatchObject({ kind: "save", paper: "2502.00002", surface: "panel", position: 2 });
});

test("a held key walks on, but does not save and unsave in turn", async () => {
  const { window, of } = start([marks, shortcuts], { answer: keeping });
  await drawn();
  document.querySelectorAll("article h3 a")[0].focus();
  pressByHand(window, document.activeElement, "s", { repeat: true });
  pressByHand(window, document.activeElement, "S", { shiftKey: true });
  await pass();
  expect(of("event/log")).toEqual([]);
});

test("of a paper shown twice, keys act on the card that has the focus, and go on from it", async () => {
  const { window, of, page, papers } = start([marks, shortcuts], {
    answer: keeping,
    change: () => {
      const [first, , , fourth] = document.querySelectorAll("article");
      fourth.replaceWith(first.cloneNode(true));
    },
  });
  await drawn();
  expect(page.cards[3].card.id).toBe(papers[0]);
  page.cards[3].element.querySelector("h3 a").focus();
  let asked = 0;
  hosts()[3].addEventListener("inkling-why", () => (asked += 1));
  pressByHand(window, document.activeElement, "s");
  pressByHand(window, document.activeElement, "w");
  await drawn();
  expect(of("event/log").map(({ event }) => [event.kind, event.paper])).toEqual([["save", papers[0]]]);
  expect(asked).toBe(1);
  pressByHand(window, document.activeElement, "j");
  expect(document.activeElement).toBe(hosts()[1]);
});
