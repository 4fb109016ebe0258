// For `make dev`: Vite serves the pages from their sources and reloads the browser. Vite passes requests for the addresses of
// `proxy`, such as the API and the WebSocket, on to the service. node dev.mjs PORT SERVICE_PORT
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createServer } from "vite";

const [port, service] = process.argv.slice(2).map(Number);
const src = join(dirname(fileURLToPath(import.meta.url)), "src");
const PAGES = new Set(["/panel", "/call", "/console", "/operator"]);
const oxc = { jsx: { runtime: "automatic", importSource: "preact" } };

/** Builds the widget anew for each request, because Vite cannot serve the widget's modules as one classic script. */
async function widget() {
  const lib = { entry: join(src, "widget/widget.ts"), formats: ["iife"], name: "SangdamWidget", fileName: () => "widget.js" };
  const [built] = await build({ configFile: false, logLevel: "warn", root: join(src, "widget"), build: { write: false, lib } });
  return built.output[0].code;
}

const routes = {
  name: "sangdam-pages",
  // The service serves a page at /call, but the page's source is in the folder `call`. So the page's relative addresses are made
  // absolute.
  transformIndexHtml: {
    order: "pre",
    handler: (html, { path }) => html.replaceAll('="./', `="${dirname(path)}/`).replaceAll('="../', '="/'),
  },
  configureServer(server) {
    server.middlewares.use((request, response, next) => {
      const { pathname, search } = new URL(request.url, "http://localhost");
      if (PAGES.has(pathname)) request.url = `${pathname}/index.html${search}`;
      if (pathname !== "/widget.js") return next();
      response.setHeader("Content-Type", "text/javascript");
      return widget().then((code) => response.end(code), next);
    });
  },
};

// Matches the addresses that Vite passes on to the service: the API, and pages and files that the service generates or has
// already built. Vite serves all other addresses.
const OF_SERVICE =
  "^/(api/|assets/|icons/|calendar/|try/|healthz|readyz|page-frame|mail-preview|unsubscribe|console\\.webmanifest|(console|call)-worker\\.js|(widget-api|cobrowse)\\.js|$)";
const to = { target: `http://127.0.0.1:${service}`, changeOrigin: false };
const server = await createServer({
  configFile: false,
  root: src,
  oxc,
  plugins: [routes],
  appType: "mpa",
  server: {
    host: "127.0.0.1",
    port,
    strictPort: true,
    allowedHosts: true,
    proxy: { [OF_SERVICE]: to, "^/ws$": { ...to, ws: true } },
  },
});
await server.listen();
