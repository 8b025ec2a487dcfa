import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { addressOf, paperFromUrl, paperId, papersIn } from "../../extension/src/paper-ids.js";

const cases = JSON.parse(readFileSync(new URL("../contract/ids.json", import.meta.url)));

test("ids are read as the server reads them, case by case", () => {
  for (const { written, id } of cases) expect(paperId(written), written).toBe(id);
});

test("a page's link is read as what is typed: folder, version, language and escapes", () => {
  const links = cases.filter(
    ({ written, id }) => id && /^https?:/i.test(written) && URL.canParse(written) && !/[.,;>]$/.test(written),
  );
  expect(links.length).toBeGreaterThan(30);
  for (const { written, id } of links) expect(paperFromUrl(written), written).toBe(id);
});

test("what is pasted is one paper a line in any form, or several on a line", () => {
  const pasted =
    "arXiv:2401.12345v1 [cs.LG] 20 Jan 2024\r\n\n2401.12346 v2\n2401.12347, nope; hep-th/9901001\thttps://arxiv.org/abs/2401.12348\narXiv preprint arXiv:2401.12349\n";
  expect(papersIn(pasted)).toEqual({
    ids: ["2401.12345", "2401.12346", "2401.12347", "hep-th/9901001", "2401.12348", "2401.12349"],
    unknown: ["nope"],
  });
  expect(papersIn(" \n")).toEqual({ ids: [], unknown: [] });
});

test("a broken escape in an address is no id, and no exception", () => {
  expect(paperId("https://arxiv.org/abs/%E0%A4%A")).toBe(null);
});

test("a relative link is read against its page", () => {
  expect(paperFromUrl("/papers/1412.6980", "https://huggingface.co/papers")).toBe("1412.6980");
  expect(paperFromUrl("/papers/1412.6980", "https://huggingface.co/papers", /^arxiv\.org$/)).toBe(null);
});

test("a paper without upvotes is read where the server says, one of before 2007 on arXiv", () => {
  expect(addressOf({ id: "2501.00001", url: "https://arxiv.org/abs/2501.00001", upvotes: 3 })).toBe(
    "https://huggingface.co/papers/2501.00001",
  );
  expect(addressOf({ id: "2501.00001", url: "https://arxiv.org/abs/2501.00001", upvotes: null })).toBe(
    "https://arxiv.org/abs/2501.00001",
  );
  expect(addressOf({ id: "2501.00001", url: "javascript:alert(1)" })).toBe("https://huggingface.co/papers/2501.00001");
  expect(addressOf({ id: "hep-th/9901001" })).toBe("https://arxiv.org/abs/hep-th/9901001");
});

test("a link is made from the id alone, and from nothing but an id", () => {
  for (const url of [
    "https://evil.example/2501.00001",
    "https://arxiv.org.evil.example/abs/2501.00001",
    "https://arxiv.org/abs/2501.00002",
    "https://user:x@evil.example#arxiv.org/abs/2501.00001",
    "//evil.example",
    7,
    {},
  ]) {
    expect(addressOf({ id: "2501.00001", url })).toBe("https://huggingface.co/papers/2501.00001");
  }
  expect(addressOf({ id: "2501.00001", url: "https://arxiv.org/abs/2501.00001?x=javascript:1#y" })).toBe(
    "https://arxiv.org/abs/2501.00001",
  );
  for (const id of [
    "../../evil",
    "2501.00001?next=//evil.example",
    "2501.00001/../../login",
    "javascript:alert(1)",
    "https://evil.example",
    "arXiv:2501.00001",
    "",
    undefined,
    7,
  ]) {
    expect(addressOf({ id })).toBe(null);
  }
});
