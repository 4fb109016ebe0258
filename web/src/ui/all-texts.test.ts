import { describe, expect, it } from "vitest";

const files = import.meta.glob<Record<string, string>>("../**/{ko,en}.json", { eager: true, import: "default" });
const FOLDERS = Object.keys(files)
  .filter((path) => path.endsWith("/en.json"))
  .map((path) => path.slice("../".length, -"/en.json".length));
const read = (folder: string, language: string) => files[`../${folder}/${language}.json`] ?? {};
const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

const code = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.*", "!../messages/**"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const sources = Object.values(code).join("\n");

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** Templates in the sources that build keys. `mode.${one}` may be any key that begins with "mode.". Templates without a fixed
 *  part are skipped, because they could be any key. */
const templates = [...sources.matchAll(/`([\w.]*\$\{[^{}`]*\}[\w.]*)`/g)]
  .map(([, template = ""]) => template.split(/\$\{[^}]*\}/))
  .filter((parts) => parts.some((part) => /\w\.|\.\w/.test(part)))
  .map((parts) => new RegExp(`^${parts.map(escape).join(".+")}$`));
const literals = new Set([...sources.matchAll(/["'`]([\w.]+)["'`]/g)].map(([, key]) => key));

describe.each(FOLDERS)("the texts of %s", (folder) => {
  const ko = read(folder, "ko");
  const en = read(folder, "en");

  it("have the same keys in both languages, and words for each", () => {
    expect(Object.keys(ko)).toEqual(Object.keys(en));
    expect([...Object.entries(ko), ...Object.entries(en)].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("have the same places to fill in both languages", () => {
    const differing = Object.keys(en).filter((key) => places(ko[key] ?? "").join() !== places(en[key] ?? "").join());
    expect(differing).toEqual([]);
  });

  it("are all used", () => {
    expect(Object.keys(en).filter((key) => !literals.has(key) && !templates.some((template) => template.test(key)))).toEqual([]);
  });
});
