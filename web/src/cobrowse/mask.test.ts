// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Attributes, FULL, type Full, INCREMENTAL, type Seen, type Shot } from "./events";
import { mask } from "./mask";
import { type Mode, Rules } from "./rules";
import { Recorder } from "./recorder";

let recorder: Recorder | null = null;
let sent: { first: boolean; events: Seen[] }[] = [];

/** Shows a page, records it, and returns its body. */
function see(html: string, mode: Mode = "strict", head = ""): HTMLElement {
  document.head.innerHTML = head;
  document.body.innerHTML = html;
  recorder = new Recorder(mode, (first, events) => sent.push({ first, events }));
  recorder.start();
  return document.body;
}

const frame = () => new Promise((done) => requestAnimationFrame(done));

/** Waits until the recorder has sent all changes so far. The recorder sees some changes only in the next animation frame, and
 *  sends them some time later, in a batch. */
async function settled(): Promise<void> {
  await frame();
  await frame();
  await new Promise((done) => setTimeout(done, 80));
}

/** Returns everything that left the page, as one text. */
async function left(): Promise<string> {
  await settled();
  return JSON.stringify(sent);
}

const find = <E extends Element = HTMLElement>(selector: string) => document.querySelector<E>(selector)!;

function fill(selector: string, value: string): void {
  const field = find<HTMLInputElement>(selector);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Returns all nodes of the newest snapshot. */
function nodes(): Shot[] {
  const full = sent.flatMap(({ events }) => events).findLast((event): event is Full => event.type === FULL)!;
  const all: Shot[] = [];
  const visit = (shot: Shot) => {
    all.push(shot);
    shot.childNodes?.forEach(visit);
  };
  visit(full.data.node);
  return all;
}

const attributes = (tag: string): Attributes => nodes().find(({ tagName }) => tagName === tag)?.attributes ?? {};

afterEach(() => {
  recorder?.stop();
  recorder = null;
  sent = [];
});

describe("strict mode", () => {
  it("lets no text of any kind of node leave, and keeps its shape", async () => {
    see(
      `<h1>kimword</h1><!-- kimword --><p>a kimword</p><a href="/o/1?who=kimword#kimword">kimword</a><svg><title>kimword</title>
       <text>kimword</text></svg><select><option label="kimword">kimword</option></select><details><summary>kimword</summary></details>
       <table><caption>kimword</caption><tr><td>kimword</td></tr></table><math><mi>kimword</mi></math><noscript>kimword</noscript>
       <template>kimword</template><dialog open>kimword</dialog><button>kimword</button><object data="kimword">kimword</object>
       <script type="text/plain">kimword</script><iframe srcdoc="kimword" src="/kimword"></iframe><datalist><option>kimword</datalist>`,
      "strict",
      `<title>kimword</title><meta name="description" content="kimword"><style>p::after { content: "kimword" } /* kimword */
       p { --name: "kimword"; background: url("https://shop.example/a.png?kimword") }</style>`,
    );
    expect(await left()).not.toContain("kimword");
    expect(JSON.stringify(nodes())).toContain("•••••••");
    expect(attributes("a").href).toMatch(/\/o\/1$/);
  });

  it("lets no text of an attribute leave", async () => {
    const names = "alt title placeholder aria-label aria-description aria-valuetext value data-name label summary datetime cite";
    const all = names.split(" ").map((name) => `${name}="kimword"`);
    see(
      `<img ${all.join(" ")} src="/a.png?kimword" srcset="/kimword.png 2x" onclick="kimword()"><div ${all.join(" ")} content="kimword"
       nonce="kimword" style="--name: 'kimword'; background: url(/b.png?kimword)"></div><form action="/kimword" data-kim="kimword">
       <input type="submit" value="kimword"><input type="hidden" value="kimword"></form><a href="mailto:kimword@shop.example">x</a>
       <a href="javascript:kimword()">x</a><img src="data:image/svg+xml,<svg><text>kimword</text></svg>"><progress value="kimword">`,
    );
    expect(await left()).not.toContain("kimword");
  });

  it("shows what the site shares, except what it marks as private inside", async () => {
    see(`<main data-sangdam-share><p title="openword">openword</p><p data-sangdam-private title="kimword">kimword<b>kimword</b></p>
         <input value="kimword" placeholder="openhint"></main><p>kimword</p>`);
    const all = await left();
    expect(all).not.toContain("kimword");
    expect(all).toContain('"title":"openword"');
    expect(all).toContain('"textContent":"openword"');
    expect(all).toContain("openhint");
  });

  it("keeps the words of later changes: texts, attributes, nodes, styles", async () => {
    const body = see(`<p id="p">x</p><ul></ul><style id="s"></style>`);
    await settled();
    find("#p").firstChild!.nodeValue = "kimword";
    find("#p").title = "kimword";
    find("#p").dataset.name = "kimword";
    find("#p").style.setProperty("--name", '"kimword"');
    find("ul").innerHTML = `<li>kimword <img alt="kimword"></li>`;
    find("#s").textContent = `p::before { content: "kimword" }`;
    find<HTMLStyleElement>("#s").sheet!.insertRule(`i::before { content: "kimword" }`);
    body.append("kimword");
    document.title = "kimword";
    const all = await left();
    expect(all).not.toContain("kimword");
    expect(all).toContain('"source":0');
  });

  it("keeps the words of shadow roots, of slots, and of what changes in them", async () => {
    const body = see(`<x-card>kimword</x-card><x-open data-sangdam-share>kimword <b>openword</b></x-open>`);
    find("x-card").attachShadow({ mode: "open" }).innerHTML =
      `<i title="kimword">kimword</i><input value="kimword"><slot></slot>`;
    // If the site puts content into a private part of a shared element, this content is private.
    find("x-open").attachShadow({ mode: "open" }).innerHTML =
      `<p data-sangdam-private>kimword<slot></slot></p><slot name="b"></slot>`;
    find("b").slot = "b";
    body.append(find("x-card"));
    recorder!.snapshot();
    await settled();
    find("x-card").shadowRoot!.querySelector("i")!.textContent = "kimword";
    find("x-open").shadowRoot!.querySelector("p")!.append("kimword");
    find("x-open").append("kimword");
    const all = await left();
    expect(all).not.toContain("kimword");
    expect(all).toContain("openword");
    expect(nodes().filter(({ isShadow }) => isShadow).length).toBeGreaterThan(4);
  });

  it("masks the words of styles in every property and spelling", async () => {
    const { cleanCss } = await import("./urls");
    const limits = { bare: true, wordless: true };
    for (const css of [
      `content: "url(kimword)"; color: red`,
      `content: "see url(https://a.example) of kimword's friend"`,
      `--name: "kimword`,
      `list-style-type: "kimword"; quotes: "kimword" 'kimword'; text-overflow: "kimword"`,
      `conten\\74: "kimword"`,
      `--a: "x\n; content: "kimword"`,
      `background: image-set("https://shop.example/a.png?kimword" 1x)`,
      `background: url(https://shop.example/a.png?kimword`,
      `@import "https://shop.example/a.css?kimword";`,
      `content: "\\"kimword"`,
      `/* kimword */ p { color: red } /* kimword`,
      `p { --name: kimword; color: red }`,
      `--a: 1px/kimword, kim\\77ord; --b: { c: kimword; d: kimword } e`,
      `p { --a: kimword(kimword) #kimword 12kimword -kimword }`,
      `@property --a { syntax: "*"; initial-value: kimword }`,
      `@container style(--a: kimword) { p { color: red } }`,
      `[data-name=kimword] i, a[title*=kim\\77ord i]:hover { color: red }`,
      `[data-name="kimword"] { color: red }`,
      `svg|a[href $= "/kimword"], a[*|title='kimword'] { color: red }`,
    ])
      expect(cleanCss(css, limits)).not.toContain("kim");
    const kept = [
      `a:hover[type="text"] { color: red }`,
      `@font-face { font-family: "Boram"; src: url("https://shop.example/a.woff2") format("woff2") }`,
      `i::before { content: "\ue001" }`,
      `p { grid-template-areas: "head head" "main side"; margin: calc(1px / 2) }`,
      `p { background: image-set("https://shop.example/a.png" type("image/png")) }`,
      `p { --gap: calc(1.5rem + var(--one-gap)); --shade: #1a2b3c; --ease: cubic-bezier(.4, 0, .2, 1); --font: system-ui, sans-serif }`,
      `input[type=text i]:not([disabled]), [dir=rtl] li { grid-area: 1 / 2; animation: spin 1s }`,
    ];
    for (const css of kept) expect(cleanCss(css, limits)).toBe(css);
  });

  it("lets an address in a style leave without its query, and none of a private place", async () => {
    const styled = (path: string) => `style="background: url(/${path}); --picture: url('/${path}')"`;
    see(
      `<p ${styled("open.png?kimword")}></p><div data-sangdam-private><i ${styled("kimword.png")}></i>
       <style>b { background: url(/kimword.png); --b: url(/kimword.png) }</style></div>`,
      "strict",
      `<style>p::before { content: url("/open.png?kimword"); --p: url(/open.png?kimword#kimword) }</style>`,
    );
    await settled();
    find("p").style.setProperty("--later", "url(/later.png?kimword)");
    find("i").style.backgroundImage = "url(/kimword.png)";
    find("head style").textContent = `p { background: url(/later.png?kimword) }`;
    const all = await left();
    expect(all).toContain("/open.png");
    expect(all).toContain("/later.png");
    expect(all).not.toContain("kimword");
  });

  it("lets no word of a component's attributes leave", async () => {
    see(`<x-tip text-label="kimword" color-name="kimword" values="kimword" d="kimword" version="kimword"></x-tip>
         <main data-sangdam-share="kimword"><p data-sangdam-private="kimword">x</p></main>
         <svg><path d="M0 0h9" text-anchor="middle"></path></svg>`);
    expect(await left()).not.toContain("kimword");
    expect(attributes("path")).toMatchObject({ d: "M0 0h9", "text-anchor": "middle" });
  });

  it("takes a new snapshot when the site changes what is shared", async () => {
    see(`<p id="p" data-sangdam-share>openword</p>`);
    expect(await left()).toContain("openword");
    sent = [];
    find("#p").removeAttribute("data-sangdam-share");
    find("#p").textContent = "kimword";
    await new Promise((done) => setTimeout(done, 1100));
    expect(await left()).not.toContain("kimword");
    expect(sent[0]?.first).toBe(true);
  });
});

describe("open mode", () => {
  it("shows texts, except private ones", async () => {
    see(
      `<p title="openword">openword</p><a href="/o/1?q=openquery">x</a><div data-sangdam-private><p title="kimword">kimword</p>
       <img alt="kimword" src="/a.png?kimquery" data-x="kimword"></div>`,
      "open",
    );
    const all = await left();
    expect(all).toContain('"title":"openword"');
    expect(all).toContain("openquery");
    expect(all).not.toContain("kimword");
    find("[data-sangdam-private]").append("kimword");
    find("[data-sangdam-private] p").firstChild!.nodeValue = "kimword";
    expect(await left()).not.toContain("kimword");
  });
});

describe.each<Mode>(["strict", "open"])("editors in %s mode", (mode) => {
  it.each([
    [`<div class="cm-editor"><div class="cm-content"><div class="cm-line">kimword</div></div></div>`],
    [`<div class="CodeMirror"><div class="CodeMirror-lines"><pre>kimword</pre></div></div>`],
    [`<div class="monaco-editor"><div class="view-lines"><div class="view-line"><span>kimword</span></div></div></div>`],
    [`<div class="ace_editor"><div class="ace_line">kimword</div></div>`],
    [`<div role="textbox"><p title="kimword">kimword</p></div>`],
    [`<div aria-multiline="true"><p>kimword</p></div>`],
  ])("keeps what people write where an editor draws it: %s", async (editor) => {
    see(`<main data-sangdam-share>${editor}<p>openword</p></main>`, mode);
    await settled();
    [...find("main").firstElementChild!.querySelectorAll("*")].at(-1)!.textContent = "kimword later";
    find("main").firstElementChild!.append("kimword last");
    const all = await left();
    expect(all).not.toContain("kimword");
    expect(all).toContain("openword");
  });
});

it("lets no picture, style or pointer of a private place leave", async () => {
  see(
    `<img id="shop" src="https://shop.example/shop.png"><div data-sangdam-private style="background: url(https://shop.example/kimword.png)">
     <style>p::after { content: "kimword" }</style><img src="data:image/png;base64,kimword"><a href="/orders/kimword">x</a>
     <button id="key">1</button></div>`,
    "open",
  );
  await settled();
  const move = (selector: string, x: number) =>
    find(selector).dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: x, clientY: 1 }));
  find<HTMLStyleElement>("style").sheet!.insertRule(`i::before { content: "kimword" }`);
  move("#key", 31);
  await settled();
  await settled();
  move("#shop", 41);
  await settled();
  const all = await left();
  expect(all).not.toContain("kimword");
  expect(all).toContain("https://shop.example/shop.png");
  expect(all).not.toContain('"x":31');
  expect(all).toContain('"x":41');
});

describe.each<Mode>(["strict", "open"])("fields in %s mode", (mode) => {
  const page = `<main data-sangdam-share><input id="name" value="kimword" data-copy="kimword" title="kimword"><textarea id="long">kimword</textarea>
    <select id="pick"><option value="kimword">A<option selected value="kimword2">B</select>
    <input id="yes" type="checkbox" value="kimword" checked><input id="one" type="radio" value="kimword" checked>
    <input id="password" type="password" value="kimword"><input id="card" autocomplete="section-a billing cc-number" value="kimword">
    <input id="code" autocomplete="one-time-code" value="kimword"><div id="edit" contenteditable>kimword <b title="kimword">kimword</b></div></main>`;

  it("keeps values, choices, and what people edit", async () => {
    see(page, mode);
    for (const id of ["name", "long", "password", "card", "code"]) fill(`#${id}`, `kimword ${id}`);
    find("#edit b").textContent = "kimword later";
    find("#edit").append("kimword last");
    find("#name").setAttribute("value", "kimword again");
    find<HTMLInputElement>("#yes").click();
    const all = await left();
    expect(all).not.toContain("kimword");
    expect(all).not.toContain('"checked":true');
    expect(all).not.toContain('"isChecked":true');
    expect(all).not.toContain('"selected":true');
  });

  it("does not tell a choice by its length", async () => {
    see(page, mode);
    await settled();
    find<HTMLSelectElement>("#pick").selectedIndex = 0;
    find("#pick").dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
    expect(attributes("select").value ?? "").toBe("");
    const input = sent.flatMap(({ events }) => events).find((event) => event.type === INCREMENTAL && event.data.source === 5);
    expect(input?.data).toMatchObject({ text: "" });
  });

  it("knows a password field again after nobody looked", async () => {
    see(page, mode);
    await settled();
    recorder!.stop();
    find("#password").setAttribute("type", "text");
    sent = [];
    recorder = new Recorder(mode, (first, events) => sent.push({ first, events }));
    recorder.start();
    await settled();
    expect(nodes().find((shot) => shot.attributes?.id === "password")?.attributes?.value ?? "").toBe("");
    recorder.show(find("#password"), true);
    fill("#password", "kimword11");
    expect(await left()).not.toContain("kimword");
  });

  it("keeps the value of a component that is a field", async () => {
    see(`<main data-sangdam-share><x-input value="kimword" type="password"></x-input></main>`, mode);
    expect(await left()).not.toContain("kimword");
  });

  it("shows one field when the visitor shows it, and no other", async () => {
    see(page, mode);
    recorder!.show(find("#name"), true);
    await settled();
    sent = [];
    recorder!.snapshot();
    await settled();
    fill("#name", "typed by the visitor");
    fill("#long", "secretly typed");
    const all = await left();
    expect(attributes("input").value).toBe("kimword");
    expect(all).toContain("typed by the visitor");
    expect(all).not.toContain("secretly");
    recorder!.show(find("#name"), false);
    sent = [];
    fill("#name", "hidden again");
    expect(await left()).not.toContain("hidden again");
  });

  it("never shows passwords, payment and codes, nor their length", async () => {
    see(page, mode);
    const secrets = ["password", "card", "code"];
    for (const id of secrets) recorder!.show(find(`#${id}`), true);
    await settled();
    for (const id of secrets) fill(`#${id}`, "kimword9");
    expect(await left()).not.toContain("kimword");
    const inputs = sent.flatMap(({ events }) => events).filter((event) => event.type === INCREMENTAL && event.data.source === 5);
    expect(inputs).toHaveLength(3);
    for (const input of inputs) expect(JSON.stringify(input)).toContain('"text":""');
    find("#password").setAttribute("type", "text"); // many pages do so when the visitor presses "show my password"
    fill("#password", "kimword10");
    recorder!.show(find("#password"), true);
    expect(await left()).not.toContain("kimword");
  });
});

const SNAPSHOT = () => new Promise((done) => setTimeout(done, 1100)); // the recorder takes at most one snapshot a second

it("keeps what people typed into a field that the site makes a payment field later, and that it then makes an ordinary one", async () => {
  see(`<main data-sangdam-share><input id="a" value="openvalue"><p>openword</p></main>`);
  await settled();
  recorder!.show(find("#a"), true);
  expect(await left()).toContain("openvalue");
  find("#a").setAttribute("autocomplete", "billing cc-number");
  fill("#a", "kimword");
  await SNAPSHOT();
  find("#a").setAttribute("autocomplete", "off"); // some scripts do so to keep the browser from offering a card
  await SNAPSHOT();
  recorder!.show(find("#a"), true);
  fill("#a", "kimword again");
  sent = [];
  recorder!.snapshot();
  const all = await left();
  expect(all).not.toMatch(/kimword|•/);
  expect(all).toContain("openword");
});

it("keeps what people wrote in place when the site ends the editing, however short it was", async () => {
  see(`<main data-sangdam-share><p id="a">openword</p><p id="b">openword too</p></main>`, "open");
  await settled();
  for (const id of ["#a", "#b"]) find(id).setAttribute("contenteditable", id === "#a" ? "" : "plaintext-only");
  await Promise.resolve(); // the recorder sees the change now, long before its next snapshot
  find("#a").textContent = "kimword";
  find("#b").textContent = "kimword";
  find("#a").setAttribute("contenteditable", "false");
  find("#b").removeAttribute("contenteditable");
  await SNAPSHOT();
  find("#b").append("kimword");
  recorder!.snapshot();
  expect(await left()).not.toContain("kimword");
});

it("keeps secrets in shadow roots inside of shadow roots", async () => {
  see(`<x-out></x-out>`);
  const out = find("x-out").attachShadow({ mode: "open" });
  out.innerHTML = `<x-in>kimword</x-in><p data-sangdam-share>openword</p>`;
  const inside = out.querySelector("x-in")!.attachShadow({ mode: "open" });
  inside.innerHTML = `<slot></slot><p title="kimword">kimword</p><div data-sangdam-share><input type="password" value="kimword">
    <p>openword too</p><p contenteditable>kimword</p></div>`;
  recorder!.snapshot();
  await settled();
  inside.querySelector("p")!.textContent = "kimword later";
  const password = inside.querySelector("input")!;
  password.type = "text";
  password.value = "kimword shown";
  password.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  inside.querySelector("div")!.insertAdjacentHTML("beforeend", `<input autocomplete="cc-csc" value="kimword">`);
  await SNAPSHOT();
  const all = await left();
  expect(all).not.toContain("kimword");
  expect(all).toContain("openword too");
});

it("records and writes nothing of what the page prints on the console", async () => {
  const printed = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => undefined));
  see(`<p data-sangdam-share>openword</p><input type="password" value="kimword">`, "open");
  console.warn("kimword");
  console.error(new Error("kimword"));
  expect(await left()).not.toContain("kimword");
  expect(printed.map(({ mock }) => mock.calls.length)).toEqual([0, 1, 1]);
  for (const each of printed) each.mockRestore();
});

it("shows frames, videos and the widget as boxes without content", async () => {
  see(
    `<iframe src="https://other.example/kimword" srcdoc="<p>kimword</p>"></iframe><video poster="/kimword.png"></video><div id="sangdam-widget">kimword</div>`,
    "open",
  );
  expect(await left()).not.toContain("kimword");
  expect(attributes("iframe")).toHaveProperty("rr_width");
});

it.each<Mode>(["strict", "open"])("leaves out what the recorder reads in frames, in %s mode", (mode) => {
  const framed = document.implementation.createHTMLDocument("kimword");
  framed.body.innerHTML = `<p title="kimword">kimword</p><input value="kimword">`;
  document.body.innerHTML = `<p>openword</p>`;
  const found = [document.body, framed, framed.querySelector("p")!, framed.querySelector("p")!.firstChild!];
  const known: Node[] = [...found, framed.querySelector("input")!, find("p").firstChild!];
  const mirror = { getNode: (id: number) => known[id] ?? null };
  const change = (data: object) => JSON.stringify(mask({ type: INCREMENTAL, data }, new Rules(mode), mirror));
  const none = { source: 0, texts: [], attributes: [], removes: [], adds: [] };
  const text = { id: 3, type: 3, textContent: "kimword" };
  const all = [
    change({ ...none, adds: [{ parentId: 0, nextId: null, node: { id: 1, type: 0, childNodes: [text] } }] }),
    change({ ...none, adds: [{ parentId: 2, nextId: null, node: text }] }),
    change({ ...none, texts: [{ id: 3, value: "kimword" }] }),
    change({ ...none, attributes: [{ id: 2, attributes: { title: "kimword" } }] }),
    change({ source: 5, id: 4, text: "kimword", isChecked: false }),
    change({ source: 15, id: 1, styleIds: [1], styles: [{ styleId: 1, rules: [{ rule: "a { --a: kimword }" }] }] }),
  ].join("");
  expect(all).not.toMatch(/kimword|•/);
  const move = (id: number) => change({ source: 1, positions: [{ x: 7, y: 7, id, timeOffset: 0 }] });
  // Node 4 is in a frame, which could show a keypad. So no position of the mouse in the frame leaves the page.
  expect([move(0), move(4)]).toEqual([expect.stringContaining('"x":7'), "null"]);
  expect(change({ ...none, texts: [{ id: 5, value: "openword" }] })).toContain(mode === "open" ? "openword" : "••••••••");
});

it("bounds what waits: too many changes become one snapshot", async () => {
  const body = see(`<p id="p">x</p>`, "open");
  await settled();
  sent = [];
  for (let count = 0; count < 300; count++) {
    body.append(`${count} `);
    if (count % 10 === 0) await Promise.resolve();
  }
  expect((await left()).length).toBeLessThan(100_000);
});
