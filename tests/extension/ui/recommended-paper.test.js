import { beforeEach, expect, test } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { RecommendedPaper, shortenAuthors } from "../../../extension/src/ui/recommended-paper.js";
import { attention, clickByHand, listOf, openPage, pass, view } from "../page-kit.js";

/** @type {ReturnType<typeof openPage>} */
let opened;
beforeEach(() => (opened = openPage("https://huggingface.co/papers", { html: "<body></body>" })));

/** The first recommended paper, drawn. @param {object} [change] @param {object} [marks] */
function draw(change = {}, marks = {}) {
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  const list = listOf([]);
  const [recommended] = list.recommended;
  page.view = view({ list, marks });
  const drawn = new RecommendedPaper(page, { ...recommended, paper: { ...recommended.paper, ...change } }, 1, list);
  document.body.append(drawn.element);
  drawn.draw();
  return drawn;
}

const visible = ({ buttons }) => Object.keys(buttons).filter((name) => !buttons[name].hidden);

test("more than two authors are the first and a number", () => {
  expect(shortenAuthors([])).toBe("");
  expect(shortenAuthors(["A", "B"])).toBe("A, B");
  expect(shortenAuthors(["A", "B", "C"])).toBe("A +2");
});

test("no upvotes are left out, none yet are said", () => {
  expect(draw({ upvotes: null }).element.querySelector(".votes")).toBe(null);
  expect(draw({ upvotes: 0 }).element.querySelector(".votes").title).toBe("Upvotes: 0");
});

test("the link is made from the paper's id, never from the server's address", () => {
  const { element } = draw({ url: "javascript:alert(1)" });
  expect(element.querySelector("a").href).toBe("https://huggingface.co/papers/2502.00001");
});

test("a hidden paper leaves its place with undo alone", () => {
  expect(visible(draw())).toEqual(["save", "hide", "why", "menu"]);
  const hidden = draw({}, { 2502.00001: { opened_at: null, saved: false, hidden: true } });
  expect(visible(hidden)).toEqual(["undo"]);
  expect([hidden.body.hidden, hidden.gone.hidden]).toEqual([true, false]);
});

test("a press cites list and position", async () => {
  const { buttons } = draw();
  clickByHand(opened.window, buttons.save);
  await pass();
  expect(opened.of("event/log")[0].event).toMatchObject({
    kind: "save",
    paper: "2502.00001",
    surface: "panel",
    position: 1,
    list_id: "L1",
  });
});
