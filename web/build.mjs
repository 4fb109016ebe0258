// Builds every page into ../signaling/pages: the service's own pages, the widget (one classic script) and the demo shop.
//   node build.mjs [outDir [page ...]]
// If the command names pages, the script builds only these pages, the widget and the shop, which is quicker.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../signaling/pages"));
// The pages are built in this folder, which replaces `target` at the end. Until then, a running service serves the old pages.
const outDir = process.argv[2] ? `${target}.new` : join(here, `../build/pages-${process.pid}`);
const shared = {
  configFile: false,
  logLevel: "warn",
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
};
const modern = { target: "es2022", emptyOutDir: false, modulePreload: { polyfill: false }, reportCompressedSize: false };

await rm(outDir, { recursive: true, force: true });

const only = process.argv.slice(3);
const pages = ["panel", "call", "console", "operator"].filter((page) => only.length === 0 || only.includes(page));
const { output } = await build({
  ...shared,
  root: join(here, "src"),
  build: {
    ...modern,
    outDir,
    assetsInlineLimit: 0, // the pages' strict CSP forbids inline scripts and data: modules, so no asset is inlined
    license: { fileName: "assets/third-party.md" }, // the MIT and ISC licences require that their notices go with the code
    rollupOptions: { input: Object.fromEntries(pages.map((page) => [page, join(here, "src", page, "index.html")])) },
  },
});
for (const page of pages) {
  const html = await readFile(join(outDir, page, "index.html"), "utf8");
  await writeFile(join(outDir, `${page}.html`), await withLayersFirst(html));
  await rm(join(outDir, page), { recursive: true });
}

await build({
  ...shared,
  root: join(here, "src/widget"),
  build: {
    ...modern,
    outDir,
    lib: { entry: join(here, "src/widget/widget.ts"), formats: ["iife"], name: "SangdamWidget", fileName: () => "widget.js" },
  },
});

// Build the module `widget-api.js`, for partners' pages that use the widget's events.
await build({
  ...shared,
  root: join(here, "src/widget"),
  build: {
    ...modern,
    outDir,
    lib: { entry: join(here, "src/widget/plain.ts"), formats: ["es"], fileName: () => "widget-api.js" },
  },
});
// Build the script that shows the visitor's page to staff. The widget imports this script once the visitor has agreed to show the
// page.
await build({
  ...shared,
  root: join(here, "src/cobrowse"),
  build: {
    ...modern,
    outDir,
    lib: { entry: join(here, "src/cobrowse/page.ts"), formats: ["es"], fileName: () => "cobrowse.js" },
    rollupOptions: { output: { codeSplitting: false } },
  },
});
// Each service worker is one classic script. The console's service worker contains a list of the files that the console needs
// before it shows any data.
const shell = shellOf("console/index.html");
for (const page of pages.filter((page) => existsSync(join(here, "src/worker", `${page}.ts`))))
  await build({
    ...shared,
    root: join(here, "src/worker"),
    define: { SHELL: JSON.stringify(shell), BUILD: JSON.stringify(digestOf(shell)) },
    build: {
      ...modern,
      outDir,
      lib: { entry: join(here, `src/worker/${page}.ts`), formats: ["iife"], name: "SangdamWorker", fileName: () => `${page}-worker.js` },
    },
  });
await cp(join(here, "src/worker/icons"), join(outDir, "icons"), { recursive: true });
await copyData("pdfjs-dist", "pdfjs", [
  "cmaps",
  // Copy only these of PDF's standard fonts: operating systems contain the others.
  ...["FoxitSymbol.pfb", "FoxitDingbats.pfb", "LICENSE_FOXIT"].map((name) => `standard_fonts/${name}`),
  ...["jbig2.wasm", "openjpeg.wasm", "LICENSE_JBIG2", "LICENSE_OPENJPEG"].map((name) => `wasm/${name}`),
]);
await copyData("@mediapipe/selfie_segmentation", "segmentation", [
  "selfie_segmentation.js",
  "selfie_segmentation.binarypb",
  "selfie_segmentation_landscape.tflite",
  "selfie_segmentation_solution_simd_wasm_bin.js",
  "selfie_segmentation_solution_simd_wasm_bin.wasm",
]);

/** Copies files that a package's code fetches only when it needs them. The name of the copies' folder contains the package's
 *  version, so browsers can cache the files forever. */
async function copyData(name, folder, files) {
  const from = join(here, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(from, "package.json"), "utf8"));
  for (const file of files) await cp(join(from, file), join(outDir, "assets", `${folder}-${version}`, file), { recursive: true });
}

/** Returns the paths of the scripts, style sheets and texts that a page needs before it shows anybody's data. */
function shellOf(page) {
  const chunks = new Map(output.filter((one) => one.type === "chunk").map((one) => [one.fileName, one]));
  const found = new Set();
  const add = (name) => {
    const chunk = chunks.get(name);
    if (chunk === undefined || found.has(name)) return;
    found.add(name);
    for (const sheet of chunk.viteMetadata?.importedCss ?? []) found.add(sheet);
    chunk.imports.forEach(add);
    chunk.dynamicImports.filter((one) => chunks.get(one)?.facadeModuleId?.endsWith(".json")).forEach(add);
  };
  for (const chunk of chunks.values()) if (chunk.isEntry && chunk.facadeModuleId?.endsWith(page)) add(chunk.fileName);
  return [...found].sort().map((name) => `/${name}`);
}

function digestOf(names) {
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 16);
}

if (existsSync(join(here, "src/shop/index.html"))) {
  const shopPages = (await readdir(join(here, "src/shop"))).filter((name) => name.endsWith(".html"));
  await build({
    ...shared,
    root: join(here, "src/shop"),
    publicDir: join(here, "src/shop/public"),
    build: {
      ...modern,
      outDir: join(outDir, "shop"),
      assetsInlineLimit: 0,
      rollupOptions: { input: shopPages.map((name) => join(here, "src/shop", name)) },
    },
  });
}

/** Puts the style sheet that declares the order of the cascade layers in front of the other style sheets of a page. */
async function withLayersFirst(html) {
  const sheets = html.match(/ *<link rel="stylesheet"[^>]*>\n?/g) ?? [];
  const texts = await Promise.all(sheets.map((sheet) => readFile(join(outDir, /href="\/([^"]+)"/.exec(sheet)[1]), "utf8")));
  const first = sheets[texts.findIndex((text) => text.includes("@layer reset"))];
  return first && first !== sheets[0] ? html.replace(first, "").replace(sheets[0], first + sheets[0]) : html;
}

// Write compressed copies of the files, in one folder for each encoding (signaling/server/http/compressed.py says why).
const compressible = /\.(html|js|css|svg|json|wasm|ttf)$/;
const LARGE = 1_000_000; // bytes; for larger files, Brotli's best quality, 11, would take many seconds
const encodings = {
  br: (data) =>
    brotliCompressSync(data, {
      params: {
        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        [constants.BROTLI_PARAM_QUALITY]: data.length > LARGE ? 9 : 11,
      },
    }),
  gzip: (data) => gzipSync(data, { level: 9 }),
};
for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressible.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const data = await readFile(path);
  for (const [encoding, compress] of Object.entries(encodings)) {
    const copy = join(outDir, "compressed", encoding, relative(outDir, path));
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, compress(data));
  }
}

const former = `${outDir}-former`;
await mkdir(dirname(target), { recursive: true });
if (existsSync(target)) await rename(target, former);
await rename(outDir, target);
await rm(former, { recursive: true, force: true });
