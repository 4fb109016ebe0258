/** Writes `src/messages/index.ts`, the pages' types of all WebSocket messages, from their JSON Schema in `docs/messages.json`.
 *
 * node messages.mjs          writes the file
 * node messages.mjs --check  fails if the written file is out of date
 */

import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const FILE = new URL("src/messages/index.ts", import.meta.url);
const SCHEMA = new URL("../docs/messages.json", import.meta.url);
// The compiler writes this remark on every type. The types of the pages do not need it.
const DEFINED = /\n? \* This (?:interface|type) was referenced by `Messages`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/g;
// The compiler also declares an empty type for the whole schema, which no page needs.
const WHOLE = "export interface Messages {}\n";

/** Returns a schema without the key `discriminator`, which exists in OpenAPI but not in JSON Schema. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key]) => key !== "discriminator");
  return Object.fromEntries(kept.map(([key, each]) => [key, plain(each)]));
}

/** Returns the text of `src/messages/index.ts`. */
async function types() {
  const schema = { ...plain(JSON.parse(readFileSync(SCHEMA, "utf8"))), title: "Messages", type: "object" };
  const text = await compile(schema, "Messages", {
    additionalProperties: false,
    bannerComment: "// Generated from docs/messages.json by `make messages`. Do not edit.",
    ignoreMinAndMaxItems: true,
    style: { printWidth: 130 },
    unreachableDefinitions: true,
  });
  return text.replace(DEFINED, "\n").replaceAll(/\/\*\*\n\n? \*\/\n/g, "").replaceAll(/\n \*\n\n? \*\//g, "\n */").replace(WHOLE, "");
}

const text = await types();
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("web/src/messages is stale: run `make messages`");
  process.exit(1);
}
