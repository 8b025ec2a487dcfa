// Compiles the stand-in listing with real Svelte: version 5 (the pages of 2026) and version 4 (those of 2024, which
// have
// no framework comments), each for the browser and for the server's rendering, into tests/.cache/pages.
// node tests/pages/build.mjs        does nothing when the cache is newer than the sources
import esbuild from "esbuild";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile as compile5 } from "svelte/compiler";
import { compile as compile4 } from "svelte4/compiler";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CACHE = path.join(HERE, "..", ".cache", "pages");

/** The components are written once, in Svelte 5; this turns the few forms they use into their Svelte 4 spelling. */
function toSvelte4(source) {
  return source
    .replace(/let \{([^}]*)\} = \$props\(\);/, (_, names) =>
      names
        .split(",")
        .map((name) => `export let ${name.trim()};`)
        .join(" "),
    )
    .replace(/\$state\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g, "$1")
    .replace(/\son(click|load|change)=\{/g, " on:$1={");
}

function compileWith(generation, side) {
  return (source, filename) =>
    generation === "2026"
      ? compile5(source, { generate: side, filename, dev: false }).js.code
      : compile4(toSvelte4(source), {
          generate: side === "server" ? "ssr" : "dom",
          hydratable: true,
          filename,
          dev: false,
        }).js.code;
}

function sveltePlugin(generation, side) {
  const compile = compileWith(generation, side);
  return {
    name: "svelte",
    setup(build) {
      build.onResolve({ filter: /^framework$/ }, () => ({ path: path.join(HERE, `framework.${generation}.mjs`) }));
      build.onLoad({ filter: /\.svelte$/ }, (file) => ({
        contents: compile(fs.readFileSync(file.path, "utf8"), path.basename(file.path)),
        resolveDir: path.dirname(file.path),
      }));
    },
  };
}

async function bundle(generation, side) {
  const browser = side === "client";
  await esbuild.build({
    entryPoints: [path.join(HERE, browser ? "client.mjs" : `ssr.${generation}.mjs`)],
    outfile: path.join(CACHE, `${side}.${generation}.mjs`),
    // Aliases are looked for from here, wherever the build was started.
    absWorkingDir: path.join(HERE, ".."),
    bundle: true,
    format: "esm",
    platform: browser ? "browser" : "node",
    conditions: [browser ? "browser" : "node", "production"],
    alias: generation === "2024" ? { svelte: "svelte4" } : {},
    plugins: [sveltePlugin(generation, side)],
    logLevel: "warning",
  });
}

const newest = (folder) =>
  Math.max(
    ...fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && /\.(mjs|svelte)$/.test(file.name))
      .map((file) => fs.statSync(path.join(file.parentPath, file.name)).mtimeMs),
  );

const stamp = path.join(CACHE, "built");
if (!fs.existsSync(stamp) || fs.statSync(stamp).mtimeMs < newest(HERE)) {
  fs.mkdirSync(CACHE, { recursive: true });
  for (const generation of ["2024", "2026"])
    await Promise.all([bundle(generation, "client"), bundle(generation, "server")]);
  fs.writeFileSync(stamp, "");
}
