// Makes pages of the snippets in docs/embedding.md: node embedded_pages.mjs FOLDER. The folder has the snippets as files, and
// node_modules with the packed widget. Bundles react-page.jsx and vue-page.js, and renders shopify.liquid as Shopify would.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const require = createRequire(join(folder, "x.js"));
const module = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { build } = await import(pathToFileURL(join(folder, "node_modules/vite/dist/node/index.js")).href);
const { Liquid } = await module("liquidjs");

await build({
  configFile: false,
  logLevel: "error",
  root: folder,
  define: { __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  resolve: { preserveSymlinks: true },
  oxc: { jsx: { runtime: "automatic", importSource: "react" } },
  build: {
    outDir: join(folder, "bundles"),
    reportCompressedSize: false,
    rollupOptions: {
      input: { react: join(folder, "react-page.jsx"), vue: join(folder, "vue-page.js") },
      output: { entryFileNames: "[name].js" },
    },
  },
});

const engine = new Liquid();
engine.registerFilter("image_url", (image) => image);
const product = { id: 7, title: 'Field "M5" camera', price: 189000000, url: "/products/m5", featured_image: "/m5.webp" };
const context = { request: { locale: { iso_code: "ko" } }, product, cart: { currency: { iso_code: "KRW" } }, shop: { url: "" } };
await writeFile(join(folder, "shopify.html"), await engine.parseAndRender(await readFile(join(folder, "shopify.liquid"), "utf8"), context));
