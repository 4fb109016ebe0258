// @vitest-environment jsdom
import { expect, it } from "vitest";
import type { Attributes, Seen, Shot } from "../../cobrowse/events";
import { Rebuilt } from "./rebuild";

let id = 100;
const text = (textContent: string): Shot => ({ id: ++id, type: 3, textContent });
const tag = (tagName: string, attributes: Attributes = {}, ...childNodes: Shot[]): Shot => ({
  id: ++id,
  type: 2,
  tagName,
  attributes,
  childNodes,
});

/** Shows a page with these nodes in its body. Returns the content of the body, and a function that applies further events. */
function show(...nodes: Shot[]) {
  const doc = document.implementation.createHTMLDocument();
  const rebuilt = new Rebuilt(doc, { onSize: () => undefined, onAddress: () => undefined, onPointer: () => undefined });
  const body = tag("body", {}, ...nodes);
  const node: Shot = { id: 1, type: 0, childNodes: [{ id: 2, type: 1, name: "html" }, tag("html", {}, body)] };
  rebuilt.apply([{ type: 2, data: { node, initialOffset: { top: 0, left: 0 } } }]);
  return { doc, body: body.id, apply: (...events: Seen[]) => rebuilt.apply(events) };
}

it("shows a page and follows its changes", () => {
  const word = text("Boram");
  const shop = tag("p", { class: "price", style: "color: red" }, word);
  const { doc, body, apply } = show(shop, tag("x-card", {}, { ...tag("i", {}, text("inside")), isShadow: true }));
  expect(doc.querySelector("p.price")?.textContent).toBe("Boram");
  expect(doc.querySelector("x-card")?.shadowRoot?.textContent).toBe("inside");
  const last = tag("b", {}, text("last"));
  const first = tag("u", {}, text("first"));
  apply({
    type: 3,
    data: {
      source: 0,
      texts: [{ id: word.id, value: "Maru" }],
      attributes: [{ id: shop.id, attributes: { class: null, style: { color: "blue" } } }],
      removes: [],
      adds: [
        { parentId: body, nextId: last.id, node: first }, // its next node, `last`, is added after it
        { parentId: body, nextId: null, node: last },
      ],
    },
  });
  expect(doc.querySelector("p")?.outerHTML).toBe('<p style="color: blue;">Maru</p>');
  expect(doc.body.lastElementChild?.previousElementSibling?.textContent).toBe("first");
  apply({ type: 3, data: { source: 0, texts: [], attributes: [], removes: [{ parentId: body, id: shop.id }], adds: [] } });
  expect(doc.querySelector("p")).toBeNull();
});

it("builds nothing that could run, load or lead away", () => {
  const { doc } = show(
    tag("script", { src: "https://evil.example/x.js" }, text("alert(1)")),
    tag("meta", { "http-equiv": "refresh", content: "0;url=https://evil.example" }),
    tag("base", { href: "https://evil.example" }),
    tag("iframe", { src: "https://evil.example", srcdoc: "x", rr_width: "10px", rr_height: "10px" }),
    tag("object", { data: "https://evil.example" }),
    tag("link", { rel: "prefetch", href: "https://evil.example" }),
    tag("img", { src: "javascript:alert(1)", onerror: "alert(1)", srcset: "https://evil.example 2x" }),
    tag("a", { href: "https://evil.example", target: "_top", ping: "https://evil.example" }, text("link")),
    tag("form", { action: "https://evil.example" }, tag("input", { autofocus: true, formaction: "https://evil.example" })),
    tag("p onclick=alert(1)", { 'x"onclick': "alert(1)" }),
  );
  const html = doc.documentElement.outerHTML;
  expect(html).not.toMatch(/evil|alert|script|onerror|meta|iframe|target|autofocus/i);
  expect(doc.querySelector("a")?.getAttribute("href")).toBe("#");
});

it("lets the browser fill nothing of the viewer's own into a field", () => {
  const field = tag("input", { type: "password", autocomplete: "current-password" });
  const { doc, apply } = show(tag("form", {}, field));
  const autocomplete = () => doc.querySelector("input")?.getAttribute("autocomplete");
  expect(autocomplete()).toBe("new-password");
  for (const value of ["current-password", null])
    apply({
      type: 3,
      data: { source: 0, texts: [], removes: [], adds: [], attributes: [{ id: field.id, attributes: { autocomplete: value } }] },
    });
  expect(autocomplete()).toBe("new-password");
});

it("looks up no host that a link is turned to later, and knows attributes in any case", () => {
  const link = tag("link", { rel: "stylesheet", href: "https://shop.example/a.css" });
  const anchor = tag("a", { HREF: "https://evil.example" }, text("x"));
  const { doc, apply } = show(link, anchor, tag("img", { SRC: "javascript:evil()" }));
  const attributes = [
    { id: link.id, attributes: { rel: "preconnect", href: "https://evil.example", HREF: "https://evil.example" } },
    { id: anchor.id, attributes: { Href: "https://evil.example" } },
  ];
  apply({ type: 3, data: { source: 0, texts: [], attributes, removes: [], adds: [] } });
  expect(doc.documentElement.outerHTML).not.toMatch(/evil|preconnect/);
  expect(doc.querySelector("link")?.href).toBe("https://shop.example/a.css");
});

it("bounds the depth and the number of nodes", () => {
  let deep = tag("i");
  for (let count = 0; count < 3000; count++) deep = tag("b", {}, deep);
  const twins = Array.from({ length: 500 }, () => ({ ...tag("u"), id: 7 }));
  const { doc, body, apply } = show(deep, ...twins);
  expect(doc.querySelectorAll("b").length).toBeGreaterThan(400);
  expect(doc.querySelectorAll("b").length).toBeLessThan(512);
  expect(doc.querySelectorAll("u").length).toBe(1);
  let parentId = body;
  const adds = Array.from({ length: 1000 }, () => {
    const node = tag("s");
    const add = { parentId, nextId: null, node };
    parentId = node.id;
    return add;
  });
  apply({ type: 3, data: { source: 0, texts: [], attributes: [], removes: [], adds } });
  expect(doc.querySelectorAll("s").length).toBeLessThan(512);
  expect(doc.querySelectorAll("s").length).toBeGreaterThan(400);
});

it("survives events that fit nothing", () => {
  const { doc, apply } = show(tag("p", {}, text("still here")));
  apply(
    { type: 3, data: { source: 8, id: 9999, adds: [{ rule: "nonsense", index: [9, 9] }] } },
    {
      type: 3,
      data: { source: 0, texts: [{ id: 9999, value: "x" }], attributes: [], removes: [{ parentId: 1, id: 1 }], adds: [] },
    },
    { type: 3, data: null } as unknown as Seen,
    { type: 2, data: {} } as unknown as Seen,
  );
  expect(doc.querySelector("p")?.textContent ?? "still here").toBe("still here");
});
