/** Runs before each test file: loads the English texts of every page. */

import { setLocale } from "./i18n";

await Promise.all(Object.values(import.meta.glob("../**/{texts,words}.ts")).map((load) => load()));
await setLocale("en");
