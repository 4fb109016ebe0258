// @vitest-environment jsdom
import { h, render } from "preact";
import { afterEach, expect, it, vi } from "vitest";
import { useWhere } from "./where";

function Shown() {
  return h("p", null, useWhere().session);
}

const page = document.createElement("main");

afterEach(() => render(null, page));

it("shows a view whose address comes right after the page's first rendering", async () => {
  location.hash = "past/before";
  render(h(Shown, null), page);
  expect(page.textContent).toBe("before");
  location.hash = "past/after";
  dispatchEvent(new HashChangeEvent("hashchange"));
  await vi.waitFor(() => expect(page.textContent).toBe("after"));
});

it("shows the list of conversations if the address has no correct session", () => {
  location.hash = "past/%E0%";
  render(h(Shown, null), page);
  expect(page.textContent).toBe("");
});
