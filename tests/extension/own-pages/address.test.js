import { expect, test } from "vitest";
import { readAddress } from "../../../extension/src/own-pages/address.js";

test.each([
  ["127.0.0.1:8765", { address: "http://127.0.0.1:8765", isLocal: true, plain: false, code: "" }],
  [" http://localhost:8765/ ", { address: "http://localhost:8765", isLocal: true, plain: false }],
  ["https://lab.example/inkling//", { address: "https://lab.example/inkling", origin: "https://lab.example" }],
  ["http://lab.example", { isLocal: false, plain: true }],
  ["https://lab.example/pair#9FKM-N0J8", { address: "https://lab.example", code: "9FKM-N0J8" }],
  ["https://lab.example/inkling/pair/#9FKM%20N0J8", { address: "https://lab.example/inkling", code: "9FKM N0J8" }],
  // A fragment is a code on a pairing link alone, and one that cannot be decoded is taken as it is.
  ["https://lab.example/#9FKM", { code: "" }],
  ["https://lab.example/pair#100%", { code: "100%" }],
  // Looks local, is not.
  ["http://127.0.0.1.evil.example", { isLocal: false, plain: true }],
])("%s", (typed, parsed) => expect(readAddress(typed)).toMatchObject(parsed));

test.each(["", "   ", "ftp://lab.example", "javascript:alert(1)", "https://me:secret@lab.example", "http://"])(
  "%j is no address",
  (typed) => expect(readAddress(typed)).toBe(null),
);
