import { expect, it } from "vitest";
import { cookieBox, type Jar } from "./storage";

/** A fake `document.cookie`. As in browsers, assigning adds or removes one cookie, and reading returns all of them. */
class FakeJar implements Jar {
  written: string[] = [];
  private readonly held = new Map<string, string>([["other", "1"]]);
  get cookie(): string {
    return [...this.held].map(([name, value]) => `${name}=${value}`).join("; ");
  }
  set cookie(text: string) {
    this.written.push(text);
    const [name = "", value = ""] = text.split(";")[0]!.split("=");
    if (/Max-Age=0/.test(text)) this.held.delete(name);
    else this.held.set(name, value);
  }
}

it("keeps the session in a partitioned cookie that only the panel's address gets", () => {
  const jar = new FakeJar();
  const box = cookieBox("sangdam.panel", jar);
  expect(box.getItem("sangdam.panel")).toBeNull();
  box.setItem("sangdam.panel", '{"token":"a=b; c"}');
  expect(cookieBox("sangdam.panel", jar).getItem("sangdam.panel")).toBe('{"token":"a=b; c"}');
  expect(jar.written[0]).toMatch(/Path=\/panel; Secure; SameSite=None; Partitioned$/);
  box.removeItem("sangdam.panel");
  expect(box.getItem("sangdam.panel")).toBeNull();
});

it("keeps all else off the wire", () => {
  const jar = new FakeJar();
  const box = cookieBox("sangdam.panel", jar);
  box.setItem("sangdam.outbox", "unsent lines");
  expect(box.getItem("sangdam.outbox")).toBe("unsent lines");
  expect(jar.written).toEqual([]);
});
