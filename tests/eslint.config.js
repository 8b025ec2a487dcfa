import js from "@eslint/js";

const browserNames = [
  "AbortController", "AbortSignal", "Blob", "BroadcastChannel", "CSS", "CSSStyleSheet", "CustomEvent", "DOMParser", "Document",
  "DocumentFragment", "Element", "Event", "EventTarget", "FormData", "HTMLAnchorElement", "HTMLButtonElement",
  "HTMLElement", "HTMLInputElement", "HTMLFormElement", "HTMLSelectElement", "HTMLTextAreaElement", "IntersectionObserver",
  "KeyboardEvent", "MouseEvent", "MutationObserver", "Node", "NodeFilter", "PerformanceObserver", "Request", "Response",
  "ResizeObserver", "ShadowRoot", "TextDecoder", "TextEncoder", "URL", "URLSearchParams", "addEventListener", "cancelAnimationFrame",
  "chrome", "clearInterval", "clearTimeout", "confirm", "console", "crypto", "customElements", "document", "fetch", "getComputedStyle", "history", "innerHeight", "innerWidth",
  "localStorage", "location", "matchMedia", "navigator", "performance", "queueMicrotask", "removeEventListener",
  "requestAnimationFrame", "requestIdleCallback", "scheduler", "scrollBy", "scrollX", "scrollY", "self", "sessionStorage", "setInterval", "setTimeout",
  "structuredClone", "window",
];
const nodeNames = ["Buffer", "global", "process", "setImmediate"];
const names = (list) => Object.fromEntries(list.map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: names([...browserNames, ...nodeNames]) },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_$" }],
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx"] }],
      eqeqeq: "error",
      "prefer-const": "error",
      "no-var": "error",
    },
  },
  { files: ["tests/**"], rules: { "max-lines-per-function": "off" } },
];
