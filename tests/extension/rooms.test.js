/** What the extension's files may say, and that its words and permissions are what the README says of them. */

import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../extension/", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const files = readdirSync(new URL("src", ROOT), { recursive: true }).map((file) => `src/${file}`);
const scripts = files.filter((file) => file.endsWith(".js"));
const manifest = JSON.parse(read("manifest.json"));
const DEMO = "src/demo/shim.js";

/** A file without its comments. @param {string} file */
const code = (file) =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/ .*$/gm, "");
const imports = (file) =>
  [...code(file).matchAll(/(?:import|export)\b[^"'()]*["'](\.[^"']+)["']/g)].map(([, path]) =>
    new URL(path, new URL(file, ROOT)).href.slice(ROOT.href.length),
  );

/** A file and all that it brings with it. @param {string} file @param {Set<string>} [found] */
function withImports(file, found = new Set()) {
  if (!found.has(file)) {
    found.add(file);
    imports(file).forEach((one) => withImports(one, found));
  }
  return found;
}

const inPage = [...withImports("src/content.js"), "src/hydration.js", "src/loader.js"];

test("content code uses no storage and no network, and does not reach what does", () => {
  for (const file of inPage)
    expect(code(file), file).not.toMatch(
      /\.storage\b|localStorage|sessionStorage|indexedDB|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource/,
    );
  expect(
    inPage.filter((file) => /src\/(worker|own|storage|server-api|background|options|popup|welcome)/.test(file)),
  ).toEqual([]);
});

test("what is drawn in ui/ does not write the page's state: a feature does", () => {
  const drawing = scripts.filter((file) => file.startsWith("src/ui/"));
  const written = /\bpage\.(?:\w+\s*=[^=>]|show\(|update\w*\()/;
  expect(drawing.filter((file) => written.test(code(file)))).toEqual([]);
  for (const line of ["page.view = view;", "this.page.show(view)", "page.updateMarks({})"])
    expect(line).toMatch(written);
  for (const line of ["page.act(kind)", "page.state === 'ready'", "(page) => page.cards"])
    expect(line).not.toMatch(written);
});

test("only browser.js says chrome, and the loader that cannot import it", () => {
  const speaks = scripts.filter((file) => /\bglobalThis\.chrome\b|\bchrome[.?]/.test(code(file)));
  expect(speaks.sort()).toEqual(["src/browser.js", DEMO, "src/loader.js"].sort());
});

test("only server-api.js asks the network", () => {
  expect(scripts.filter((file) => /\bfetch\(/.test(code(file))).sort()).toEqual([DEMO, "src/server-api.js"]);
});

const DOORS = ["src/background.js", "src/worker/handlers/own-pages.js", "src/worker/handlers/page.js"];

test("the worker's doors check, ask one use case and answer: they store nothing and decide nothing", () => {
  for (const file of DOORS) {
    expect(code(file), file).not.toMatch(/\b(?:read|change|session\.\w+|setTimeout|ask|call)\(|\bfor\b|\bwhile\b/);
    const fromStorage = /import \{([^}]*)\} from "[./]*storage\.js"/.exec(code(file))?.[1].trim() ?? "";
    expect(["", "onChanged"], file).toContain(fromStorage);
  }
  // A use case that called its door would go in circles.
  const users = scripts.filter((file) => imports(file).some((one) => DOORS.includes(one)));
  expect(users).toEqual(["src/background.js"]);
});

/** How many lines of code each function of a file has, the lines of its own parameters and braces included. */
const lengths = (file) =>
  [...code(file).matchAll(/^(?:export )?(?:async )?function \w+[^]*?^}/gm)].map(([all]) => all.split("\n").length);

test("no function of a door has more than 15 lines", () => {
  for (const file of DOORS) expect(Math.max(0, ...lengths(file)), file).toBeLessThanOrEqual(15);
});

test("every stored key is declared in storage.js, and only storage.js reaches for the browser's storage", async () => {
  const { DEFAULTS, SESSION_DEFAULTS } = await import("../../extension/src/storage.js");
  expect(scripts.filter((file) => /\.storage\b/.test(code(file))).sort()).toEqual([DEMO, "src/storage.js"]);
  for (const file of scripts.filter((one) => imports(one).includes("src/storage.js"))) {
    for (const [, key] of code(file).matchAll(/\bsession\.\w+\(\s*([^,)\s]+)/g))
      expect(Object.keys(SESSION_DEFAULTS), `${file}: ${key}`).toContain(key.replaceAll('"', ""));
    for (const [, keys] of code(file).matchAll(/(?<![.\w])(?:read\(|change\(\s*\[)([^)\]]*)/g))
      for (const [, key] of keys.matchAll(/"(\w+)"/g)) expect(Object.keys(DEFAULTS), `${file}: ${key}`).toContain(key);
  }
});

test("no file of the extension imports itself by a detour", () => {
  for (const file of scripts) {
    const reached = new Set();
    for (const one of imports(file)) withImports(one, reached);
    expect(reached.has(file), file).toBe(false);
  }
});

test("no line of a script is longer than 120 columns, comments included", () => {
  const long = scripts.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) => (line.length > 120 ? `${file}:${at + 1}` : [])),
  );
  expect(long).toEqual([]);
});

test("a comment of several lines gives each parameter a line of its own", () => {
  const glued = scripts.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) =>
        /^\s*\* (?!@|`).*\S @(?:param|returns|type|typedef)\b/.test(line) ? `${file}:${at + 1}` : [],
      ),
  );
  expect(glued).toEqual([]);
});

test("pages can load exactly what content code needs", () => {
  const [{ resources, matches, ...rest }] = manifest.web_accessible_resources;
  const matched = (file) =>
    resources.some((one) => (one.endsWith("*") ? file.startsWith(one.slice(0, -1)) : file === one));
  expect(rest).toEqual({});
  expect(matches).toEqual(["https://huggingface.co/*", "https://arxiv.org/*", "https://www.arxiv.org/*"]);
  for (const file of withImports("src/content.js")) expect(matched(file), file).toBe(true);
  expect(scripts.filter(matched).filter((file) => !inPage.includes(file))).toEqual([]);
});

test("our own pages have one head and one connection form: without a build they are copies, kept equal here", () => {
  const pages = files.filter((file) => file.endsWith(".html"));
  // Each page has its own style and script; "Try it here" brings the page's own style too.
  const heads = pages.map((file) =>
    read(file)
      .split("</head>")[0]
      .replace(/<link rel="stylesheet" href="(?:\.\.\/ui\/reserve|\w+)\.css">\n|<script[^>]*><\/script>\n/g, ""),
  );
  expect(pages).toHaveLength(4);
  expect(new Set(heads).size).toBe(1);
  const shared = ["address", "code", "device", "plain", "whose", "submit"];
  const linesOf = (file) =>
    read(file)
      .split("\n")
      .filter((line) => shared.some((id) => line.includes(` id="${id}"`)));
  expect(linesOf("src/options/options.html")).toHaveLength(shared.length);
  expect(linesOf("src/welcome/welcome.html")).toEqual(linesOf("src/options/options.html"));
});

test("no code comes from elsewhere, and none is made from text", () => {
  for (const file of scripts)
    expect(code(file), file).not.toMatch(
      /\beval\(|new Function\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
    );
  for (const file of files.filter((one) => one.endsWith(".html"))) {
    expect(read(file), file).not.toMatch(
      /<script(?![^>]*src="[a-z.]+\.js")|\son[a-z]+=|https?:\/\/(?!huggingface\.co\/papers|127\.0\.0\.1)/,
    );
  }
  expect(manifest.content_security_policy).toEqual({ extension_pages: "script-src 'self'; object-src 'self'" });
});

/** The line that the browser's own question at the install follows from. */
const ASKED = {
  permissions: ["storage", "alarms"],
  host_permissions: ["https://huggingface.co/papers*"],
  optional_permissions: ["scripting", "contextMenus"],
  optional_host_permissions: ["https://arxiv.org/*", "https://www.arxiv.org/*", "https://*/*", "http://*/*"],
};

test("the manifest asks for what is stored here and nothing else, each with its reason in the README", () => {
  const readme = read("README.md");
  for (const [kind, names] of Object.entries(ASKED)) {
    expect(manifest[kind]).toEqual(names);
    for (const name of names)
      expect(readme, name).toMatch(new RegExp(`^\\| \`${name.replace(/[*./]/g, "\\$&")}\`[^|]*\\|[^|]{30,}\\|`, "m"));
  }
  expect(manifest.incognito).toBe("not_allowed");
  expect(
    Object.keys(manifest)
      .filter((key) => key.includes("permission"))
      .sort(),
  ).toEqual(Object.keys(ASKED).sort());
});

const languages = readdirSync(new URL("_locales", ROOT));
const words = (language) => JSON.parse(read(`_locales/${language}/messages.json`));

/** Keys named whole in code and pages, and the beginnings of those put together there. */
function usedKeys() {
  const [whole, begun] = [new Set(), new Set()];
  const add = (key) => (key.endsWith("_") || key === "" ? begun : whole).add(key);
  for (const [, key] of read("manifest.json").matchAll(/__MSG_(\w+)__/g)) add(key);
  for (const file of files.filter((one) => /\.(js|html)$/.test(one))) {
    const source = file.endsWith(".html") ? read(file) : code(file);
    for (const [, key] of source.matchAll(/data-(?:text|label)="(\w+)"/g)) add(key);
    for (const [, key] of source.matchAll(/["'`]((?:page|worker|own|options|popup|welcome|privacy|site)_[a-z_]*)/g))
      add(key);
  }
  return { whole, begun };
}

test("every word that is used exists, and none is unused", () => {
  const there = Object.keys(words("en"));
  const { whole, begun } = usedKeys();
  // Names of fields that look like words of ours.
  const fields = ["page_kind", "paper_page"];
  expect([...whole].filter((key) => !there.includes(key) && !fields.includes(key))).toEqual([]);
  // `page_${kind}` stands for page_save, not for page_panel_empty.
  const isBegun = (key, start) =>
    key.startsWith(start) && (start.split("_").length > 2 || !key.slice(start.length).includes("_"));
  const isUsed = (key) => whole.has(key) || [...begun].some((start) => isBegun(key, start));
  expect(there.filter((key) => !isUsed(key))).toEqual([]);
  for (const start of begun)
    expect(
      there.some((key) => key.startsWith(start)),
      start,
    ).toBe(true);
});

test.each(languages)("%s has every word, with the same places for values", (language) => {
  const [english, theirs] = [words("en"), words(language)];
  expect(Object.keys(theirs)).toEqual(Object.keys(english));
  const places = ({ message }) => [...new Set(message.match(/\$\d/g) ?? [])].sort();
  for (const key of Object.keys(english)) {
    expect(places(theirs[key]), key).toEqual(places(english[key]));
    expect(theirs[key].message.trim(), key).not.toBe("");
  }
});

test("there is English and one language more, complete", () => {
  expect(languages.sort()).toEqual(["de", "en"]);
});

/** Each promise that the reader agrees to, and the words that make it. */
const CONSENT = {
  privacy_sent: [
    "to the server you paired with and nobody else",
    "ids",
    "times",
    "places in the list",
    "open",
    "save",
    "hide",
    "are shown",
    "pages switched on",
    "titles and abstracts",
  ],
  privacy_not_sent: ["search for on these sites", "account’s name", "other sites", "private windows"],
  privacy_who: [
    "Whoever runs that server can read it",
    "see every line",
    "delete any of it here and there",
    "pause",
    "export all of it",
    "leave",
  ],
  privacy_page_sees: ["notice that this extension is installed", "marks", "files", "cannot see your token"],
  welcome_agree_to: ["$1"],
};

test("what the reader agrees to says all of it, on the welcome page before the form, and in the options", () => {
  const english = words("en");
  for (const [key, parts] of Object.entries(CONSENT))
    for (const part of parts) expect(english[key].message, key).toContain(part);
  const welcome = read("src/welcome/welcome.html");
  for (const key of Object.keys(CONSENT).filter((one) => one.startsWith("privacy_"))) {
    expect(welcome.indexOf(key), key).toBeGreaterThan(0);
    expect(welcome.indexOf(key), key).toBeLessThan(welcome.indexOf('id="connect"'));
    expect(read("src/options/options.html"), key).toContain(key);
  }
});

test("nothing of ours moves for a reader who wants no motion", () => {
  const styles = files.filter((file) => /\.css$|-style\.js$|why\.js$/.test(file) && file !== "src/ui/reserve.css");
  for (const file of styles) {
    const still = code(file).replace(/@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{[^{}]*\})*\}/g, "");
    // A delay without a length is no motion.
    expect(still.replaceAll("transition: none", "").replaceAll("transition: opacity 0s 1s", ""), file).not.toMatch(
      /\b(?:transition|animation|scroll-behavior)\s*:/,
    );
  }
});

/** Style sheets, the styles of our shadow roots, and scripts that write styles. */
const styled = files.filter((file) => /\.(css|js)$/.test(file));
/** What names the left or the right of the page in a style, and four lengths of which the two sides differ. */
const PHYSICAL = [
  /\b(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b/,
  /\bborder-(?:top|bottom)-(?:left|right)-radius\b/,
  /(?:^|[\s;{"`])(?:left|right)\s*:\s*(?:-?[\d.]|auto\b|var\(|calc\(|["'`])/m,
  /\b(?:text-align|float|clear)\s*:\s*(?:left|right)\b/,
  /\btranslateX?\(\s*[^)\s]|\btranslate\s*:\s*[^0\s]/,
  /\.style\.(?:left|right|(?:margin|padding|border)(?:Left|Right))\b|["'](?:left|right|(?:margin|padding)-(?:left|right))["']\s*,/,
];
const FOUR =
  /\b(?:margin|padding|inset|border-width|border-style|border-color)\s*:\s*([^\s;}]+)\s+([^\s;}]+)\s+([^\s;}]+)\s+([^\s;}]+)\s*[;}]/g;
/** Where a side of the page is meant, whatever way it reads: file, and why. @type {Record<string, string>} */
const MEANT = { "src/worker/open-dedup.js": "a storage key, not a side" };

test("styles name where reading begins and ends, not left and right", () => {
  for (const file of styled.filter((one) => !(one in MEANT))) {
    for (const physical of PHYSICAL) expect(code(file).match(physical)?.[0], file).toBe(undefined);
    for (const [all, , second, , fourth] of code(file)
      .replace(/var\([^()]*\)/g, "0")
      .matchAll(FOUR))
      expect(second, `${file}: ${all}`).toBe(fourth);
  }
});

test("what is refused in styles is found where it stands", () => {
  const wrong = [
    "a { margin-left: 4px; }",
    ":host { top: 8px; left: 8px; }",
    "p { text-align: right; }",
    "b { float: left }",
    "i { border-top-left-radius: 4px; }",
    "box.style.left = start;",
    'host.style.setProperty("margin-left", "4px")',
    "x { transform: translateX(4px); }",
    "y { translate: -50% 0; }",
    "Object.assign(box.style, { left: `${start}px`, top: 0 });",
  ];
  for (const line of wrong)
    expect(
      PHYSICAL.some((physical) => physical.test(line)),
      line,
    ).toBe(true);
  expect(
    [..."button { padding: 0 7px 0 5px; }".matchAll(FOUR)].some(([, , second, , fourth]) => second !== fourth),
  ).toBe(true);
  const right = [
    "a { margin-inline-start: 4px; }",
    "const { left, right, width } = box;",
    "start: isRtl ? onRight - right : left + onLeft",
    "transform: translateY(-50%)",
    "translate: 0 4px",
  ];
  for (const line of right)
    expect(
      PHYSICAL.filter((physical) => physical.test(line)),
      line,
    ).toEqual([]);
});

test("a sentence is one string: none is put together from words", () => {
  for (const file of scripts) {
    // Within a template, or added to something.
    expect(code(file).match(/`[^`\n]*\$\{text\([^`\n]*`|\btext\([^()]*\)\s*\+|\+\s*text\(/)?.[0], file).toBe(undefined);
  }
});
