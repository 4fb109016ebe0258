import { describe, expect, it } from "vitest";
import { wayOf } from "./shell";

const ORIGIN = "https://counselor.talk.example";
const SHELL = new Set(["/assets/console-1.js"]);
const way = (path: string, mode: RequestMode = "cors", method = "GET", origin = ORIGIN) =>
  wayOf({ method, mode, url: origin + path }, ORIGIN, "/console", SHELL);

describe("the console's store", () => {
  it("answers only for the page and its own files", () => {
    expect(way("/console", "navigate")).toBe("page");
    expect(way("/assets/console-1.js")).toBe("file");
  });

  it("never answers for data, other pages and other files", () => {
    for (const path of ["/api/me", "/api/pictures/p-1", "/ws", "/assets/other.js", "/assets/console-1.js?x=1", "/healthz"])
      expect(way(path)).toBe("network");
    for (const path of ["/operator", "/call", "/api/console", "/console/x"]) expect(way(path, "navigate")).toBe("network");
    expect(way("/console", "navigate", "POST")).toBe("network");
    expect(way("/assets/console-1.js", "cors", "GET", "https://elsewhere.example")).toBe("network");
  });
});
