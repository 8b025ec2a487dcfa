// The renderer as a process: one JSON request a line on stdin, one JSON answer a line on stdout. Started by server.py.
// {"url": ...} asks for a page; {"knobs": {...}, "cards": {...}} sets what later pages are made of.
import readline from "node:readline";
import { answer } from "./render.mjs";

let state = { knobs: {}, cards: {} };

function handle(request) {
  if (!request.url) {
    state = { ...state, ...request };
    return {};
  }
  try {
    return answer(request.url, state.knobs, state.cards);
  } catch (error) {
    return { status: 500, body: `<!doctype html><title>Broken stand-in</title><pre>${error.stack}</pre>` };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(handle(JSON.parse(line)))}\n`);
}
