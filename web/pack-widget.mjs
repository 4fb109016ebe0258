// Builds the npm package of the widget (packages/widget), packs it, and prints the name of the packed file.
//   node pack-widget.mjs OUT_DIR NPM   (NPM: the path of npm's script)
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(here, "../packages/widget");
const [target, npm] = [resolve(process.argv[2]), process.argv[3]];
const dist = join(folder, "dist");

await rm(dist, { recursive: true, force: true });
await build({
  configFile: false,
  logLevel: "warn",
  root: join(here, "src/widget"),
  build: {
    target: "es2022",
    minify: false,
    outDir: dist,
    emptyOutDir: false,
    reportCompressedSize: false,
    lib: { entry: join(here, "src/widget/api.ts"), formats: ["es"], fileName: () => "index.js" },
  },
});
const types = ["--declaration", "--emitDeclarationOnly", "--outDir", dist, "--rootDir", "src/widget", "src/widget/api.ts"];
const how = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--strict", "--skipLibCheck"];
const run = (...words) => execFileSync(process.execPath, words, { cwd: here, encoding: "utf8" });
run("node_modules/typescript/bin/tsc", "--ignoreConfig", ...how, ...types);
// Node.js resolves a relative import only if it ends with the file's extension, so add the extension to each import.
for (const name of (await readdir(dist)).filter((each) => each.endsWith(".d.ts"))) {
  const text = await readFile(join(dist, name), "utf8");
  await writeFile(join(dist, name), text.replace(/from "\.\/(\w+)"/g, 'from "./$1.js"'));
}
await mkdir(target, { recursive: true });
const packed = execFileSync(process.execPath, [npm, "pack", "--silent", "--pack-destination", target], { cwd: folder, encoding: "utf8" });
console.log(packed.trim().split("\n").at(-1));
