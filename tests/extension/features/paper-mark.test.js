import { afterEach, expect, test } from "vitest";
import { paperMark } from "../../../extension/src/features/paper-mark.js";
import { clickByHand, listOf, pass } from "../page-kit.js";
import { hosts, inMark, keeping, start, stop } from "./listing-kit.js";

afterEach(stop);

const path = "/papers/2611.10001";

test("a paper's page has one bar, outside the island, before the gate opens", async () => {
  const { page } = start([paperMark], { path, open: false });
  expect(hosts()).toHaveLength(1);
  expect(hosts()[0].closest("[data-target]")).toBe(null);
  expect(inMark(0, "[data-part=reason]").textContent).toBe("Close to “Saved 0”: paging");
  page.emit("after-scan");
  expect(hosts()).toHaveLength(1);
});

test("saving there is an event of the paper page", async () => {
  const { window, of } = start([paperMark], { path, answer: keeping });
  clickByHand(window, inMark(0, "[data-action=save]"));
  await pass();
  expect(of("event/log")[0].event).toMatchObject({
    kind: "save",
    paper: "2611.10001",
    surface: "paper_page",
    page: "paper",
  });
  expect(inMark(0, "[role=status]").textContent).toBe("Saved.");
});

test("it leaves nothing behind", () => {
  const { dom } = start([], { path });
  const before = dom.serialize();
  const { dom: other } = start([paperMark], { path, view: undefined, over: listOf([]) });
  stop();
  expect(other.serialize()).toBe(before);
});
