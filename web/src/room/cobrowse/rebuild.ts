/** Rebuilds a recorded page in an empty document, and follows its changes. The events come from the user's browser, so they can
 *  contain anything. The server sends the document with a content security policy. So the document runs no script, submits no
 *  form, and loads only from the site's own origins. This module also leaves out every element and attribute that has any effect
 *  other than being visible. */

import {
  ADOPTED,
  type Add,
  type Adopted,
  type Attributes,
  type Change,
  DECLARATION,
  type Declaration,
  DOCTYPE,
  DOCUMENT,
  ELEMENT,
  FULL,
  INPUT,
  META,
  MOUSE,
  MUTATION,
  type Mutation,
  plain,
  RESIZE,
  RULE,
  type Rule,
  SCROLL,
  type Seen,
  type Shot,
  TOUCH,
  type Value,
} from "../../cobrowse/events";

const SVG = "http://www.w3.org/2000/svg";
const NAME = /^[a-z][a-z0-9._-]*$/i;
/** Elements that could load something or run code, or that show nothing. Each of them is replaced by an empty element. */
const EMPTY = new Set(["script", "noscript", "template", "meta", "base", "title", "frameset", "param", "source", "track"]);
/** Elements that are shown as grey boxes. */
const BOXED = new Set(["iframe", "frame", "object", "embed", "video", "audio", "canvas", "portal", "applet", "fencedframe"]);
const REFUSED =
  /^(on.*|srcdoc|srcset|action|formaction|ping|http-equiv|autofocus|target|download|background|poster|data|cite|is|autocomplete)$/i;
const BOX_STYLE = "display:inline-block;background:#ced4da;border-radius:4px;box-sizing:border-box;";
/** This module rebuilds at most this many nodes of a page, and leaves out the rest. */
const MOST_NODES = 250_000;
const MOST_SIZE = 20_000;
/** This module rebuilds at most this many levels of nested nodes. A browser's layout code calls itself once for each level, and
 *  can crash at too many levels. HTML parsers stop at 512 levels, too. */
const MOST_DEPTH = 512;

export interface PageSize {
  width: number;
  height: number;
}

export interface Follower {
  onSize: (size: PageSize) => void;
  onAddress: (href: string) => void;
  /** The visitor's own pointer, in CSS px of the viewport. */
  onPointer: (x: number, y: number) => void;
}

export class Rebuilt {
  private nodes = new Map<number, Node>();
  private ids = new WeakMap<Node, number>();
  private sheets = new Map<number, CSSStyleSheet>();
  private links = new WeakMap<Node, string>();

  constructor(
    private readonly doc: Document,
    private readonly follower: Follower,
  ) {}

  /** Applies events in their order. An event that does not fit the document is skipped. */
  apply(events: Seen[]): void {
    for (const event of events) {
      try {
        this.one(event);
      } catch {
        // The sender is not our recorder, or this browser lacks something that the user's browser has. The other parts of the
        // page are still right.
      }
    }
  }

  /** Returns the innermost element at a point of the viewport; null if there is none. `node`: the element's number. `link`: the
   *  address of the link that contains the element; "" if no link contains it. */
  at(x: number, y: number): { node: number; box: DOMRect; link: string } | null {
    let element = this.doc.elementFromPoint(x, y);
    for (let inner = element; inner?.shadowRoot; element = inner) {
      inner = inner.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === element) break;
    }
    let link = "";
    for (let node: Node | null = element; node; node = node.parentNode ?? (node as Partial<ShadowRoot>).host ?? null) {
      link ||= this.links.get(node) ?? "";
      const id = this.ids.get(node);
      if (id !== undefined && element && node.nodeType === 1 && !this.ids.has(element)) element = node as Element;
    }
    const node = element ? this.ids.get(element) : undefined;
    return element && node !== undefined ? { node, box: element.getBoundingClientRect(), link } : null;
  }

  private one(event: Seen): void {
    if (event.type === META) {
      this.resize(event.data);
      this.follower.onAddress(String(event.data.href));
    } else if (event.type === FULL) this.whole(event.data.node, event.data.initialOffset);
    else this.change(event.data);
  }

  private resize({ width, height }: PageSize): void {
    const bound = (value: number) => Math.max(1, Math.min(MOST_SIZE, Number(value) || 1));
    this.follower.onSize({ width: bound(width), height: bound(height) });
  }

  private whole(root: Shot, offset: { top: number; left: number }): void {
    this.nodes = new Map();
    this.sheets = new Map();
    this.doc.documentElement.remove();
    this.doc.adoptedStyleSheets = [];
    this.known(root.id, this.doc);
    for (const child of root.childNodes ?? []) {
      if (child.type === DOCTYPE || this.hasRoot()) continue;
      const built = this.build(child, 1);
      if (built) this.doc.append(built);
    }
    this.scrolled(this.doc, offset.left, offset.top);
  }

  private hasRoot(): boolean {
    return this.doc.childElementCount > 0;
  }

  private change(data: Change): void {
    switch (data.source) {
      case MUTATION:
        this.mutate(data);
        break;
      case MOUSE:
      case TOUCH: {
        const last = data.positions.at(-1);
        if (last) this.follower.onPointer(Number(last.x), Number(last.y));
        break;
      }
      case SCROLL:
        this.scrolled(this.nodes.get(data.id), data.x, data.y);
        break;
      case RESIZE:
        this.resize(data);
        break;
      case INPUT: {
        const field = this.nodes.get(data.id) as Partial<HTMLInputElement> | undefined;
        if (field && "value" in field) field.value = String(data.text);
        if (field && "checked" in field) field.checked = data.isChecked;
        break;
      }
      case RULE:
        this.rule(data);
        break;
      case DECLARATION:
        this.declare(data);
        break;
      case ADOPTED:
        this.adopt(data);
        break;
    }
  }

  // --- nodes ----------------------------------------------------------------------------------------------------------

  private known(id: number, node: Node): void {
    this.nodes.set(id, node);
    this.ids.set(node, id);
  }

  private build(shot: Shot, depth: number, inDrawing = false): Node | null {
    if (this.nodes.size > MOST_NODES || depth > MOST_DEPTH) return null;
    // removes the old node of this number, so that `nodes` counts all nodes of the document
    this.remove(this.nodes.get(shot.id));
    const drawing = inDrawing || shot.isSVG === true;
    const node = shot.type === ELEMENT ? this.element(shot, drawing) : this.doc.createTextNode(String(shot.textContent ?? ""));
    if (shot.type === DOCUMENT || shot.type === DOCTYPE) return null;
    this.known(shot.id, node);
    if (node.nodeType === 1) this.fill(node as Element, shot, depth, drawing);
    return node;
  }

  private element(shot: Shot, drawing: boolean): Element {
    const tag = (shot.tagName ?? "").toLowerCase();
    const attributes = shot.attributes ?? {};
    if (BOXED.has(tag) || "rr_width" in attributes) return this.box(attributes);
    if (EMPTY.has(tag) || !NAME.test(tag)) return this.doc.createElement("sangdam-unseen");
    if (tag === "link" && typeof attributes._cssText !== "string") return this.sheetLink(attributes);
    if (tag === "link") return this.doc.createElement("style");
    const element = drawing ? this.doc.createElementNS(SVG, shot.tagName!) : this.doc.createElement(tag);
    // The frame has the console's origin. Without this attribute, the browser could fill the viewer's own password into a field
    // of the page.
    if (element.localName === "input") element.setAttribute("autocomplete", "new-password");
    return element;
  }

  /** Returns a grey box in place of a frame, a video, or another element whose content is not shown. */
  private box({ rr_width, rr_height, width, height, class: name }: Attributes): Element {
    const box = this.doc.createElement("div");
    const length = (...values: Value[]) => values.map((value) => parseFloat(plain(value))).find((value) => value >= 0) ?? 0;
    if (typeof name === "string") box.className = name;
    box.setAttribute("style", `${BOX_STYLE}width:${length(rr_width, width)}px;height:${length(rr_height, height)}px`);
    return box;
  }

  private sheetLink({ rel, href, media }: Attributes): Element {
    const link = this.doc.createElement("link");
    if (!/(^|\s)stylesheet(\s|$)/i.test(plain(rel)) || !/^https?:/i.test(plain(href))) return link;
    link.rel = "stylesheet";
    if (typeof media === "string") link.media = media;
    link.href = plain(href);
    return link;
  }

  private fill(element: Element, shot: Shot, depth: number, drawing: boolean): void {
    const boxed = BOXED.has((shot.tagName ?? "").toLowerCase()) || "rr_width" in (shot.attributes ?? {});
    if (boxed || element.localName === "sangdam-unseen" || element.localName === "link") return;
    for (const [name, value] of Object.entries(shot.attributes ?? {})) this.attribute(element, name, value);
    if (element.localName === "style" && typeof shot.attributes?._cssText === "string") {
      for (const child of shot.childNodes ?? []) this.known(child.id, this.doc.createTextNode(""));
      return;
    }
    const inside = drawing && element.localName !== "foreignObject";
    for (const child of shot.childNodes ?? []) {
      const built = this.build(child, depth + 1, inside);
      if (built) this.into(element, child).append(built);
    }
    const { rr_scrollLeft: left, rr_scrollTop: top } = shot.attributes ?? {};
    if (left || top) queueMicrotask(() => this.scrolled(element, Number(left ?? 0), Number(top ?? 0)));
  }

  /** Returns the parent of a child: the element, or its shadow root. */
  private into(element: Element, child: Shot): Element | ShadowRoot {
    if (child.isShadow !== true) return element;
    try {
      return element.shadowRoot ?? element.attachShadow({ mode: "open" });
    } catch {
      return element; // this element can have no shadow root
    }
  }

  private attribute(element: Element, given: string, value: Value): void {
    // With some values of `rel`, a browser connects to any host, despite the frame's Content-Security-Policy.
    if (element.localName === "link") return;
    // In HTML, attributes can be written in upper or lower case. In a drawing (SVG), case matters.
    const name = element.namespaceURI === SVG && !/^(style|(xlink:)?href|src)$/i.test(given) ? given : given.toLowerCase();
    if (value === null || value === undefined) {
      if (!REFUSED.test(name)) element.removeAttribute(name);
      return;
    }
    if (!/^[a-z_:][\w:.-]*$/i.test(name) || REFUSED.test(name) || given.startsWith("rr_")) return;
    const text = plain(value);
    if (given === "_cssText") {
      if (element.localName === "style") element.textContent = text;
    } else if (name === "style") this.style(element as HTMLElement, value);
    else if (name === "href" || name === "xlink:href" || name === "src") this.address(element, name, text);
    else if (name === "value" && "value" in element) (element as HTMLInputElement).value = text;
    else if (name === "checked" || name === "selected") element.toggleAttribute(name, value !== false);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, text);
  }

  private style(element: HTMLElement, value: Value): void {
    if (typeof value !== "object" || value === null) {
      element.setAttribute("style", plain(value));
      return;
    }
    for (const [property, said] of Object.entries(value)) {
      if (said === false) element.style.removeProperty(property);
      else if (Array.isArray(said)) element.style.setProperty(property, String(said[0]), String(said[1]));
      else element.style.setProperty(property, String(said));
    }
  }

  private address(element: Element, name: string, text: string): void {
    const tag = element.localName;
    if (tag === "a" || tag === "area") {
      if (/^https?:/i.test(text)) this.links.set(element, text);
      element.setAttribute("href", "#"); // this element looks like a link, but leads nowhere
    } else if (tag === "use" || tag === "image" || tag === "img" || tag === "input") {
      if (/^(https?:|data:image\/|#)/i.test(text)) element.setAttribute(name, text);
    }
  }

  private mutate({ removes, adds, texts, attributes }: Mutation): void {
    for (const { id } of removes) this.remove(this.nodes.get(id));
    let waiting = adds;
    for (;;) {
      const left = waiting.filter((add) => !this.add(add, false));
      if (left.length === 0 || left.length === waiting.length) {
        for (const add of left) this.add(add, true);
        break;
      }
      waiting = left;
    }
    for (const { id, value } of texts) {
      const node = this.nodes.get(id);
      if (node?.nodeType === 3) node.nodeValue = value === null ? "" : String(value);
    }
    for (const { id, attributes: changed } of attributes) {
      const element = this.nodes.get(id);
      if (element?.nodeType === 1)
        for (const [name, value] of Object.entries(changed)) this.attribute(element as Element, name, value);
    }
  }

  /** Adds `node` to its parent, before the node `nextId`. Without `anyway`, returns false and adds nothing if one of these two is
   *  missing. With `anyway`, always returns true; if only the node `nextId` is missing, `node` goes to the end of its parent. */
  private add({ parentId, nextId, node }: Add, anyway: boolean): boolean {
    const parent = this.nodes.get(parentId);
    const next = nextId === null ? null : this.nodes.get(nextId);
    if (!parent || (next === undefined && !anyway)) return anyway;
    const built = this.build(node, depthOf(parent) + 1, parent.nodeType === 1 && (parent as Element).namespaceURI === SVG);
    if (!built) return true;
    if (parent === this.doc) {
      if (!this.hasRoot()) this.doc.append(built);
      return true;
    }
    if (parent.nodeType !== 1 || (parent as Element).localName === "sangdam-unseen") return true;
    const target = this.into(parent as Element, node);
    target.insertBefore(built, next?.parentNode === target ? next : null);
    return true;
  }

  private remove(node: Node | undefined): void {
    if (!node || node === this.doc) return;
    (node as ChildNode).remove();
    const forget = (each: Node) => {
      const id = this.ids.get(each);
      if (id !== undefined && this.nodes.get(id) === each) this.nodes.delete(id);
      each.childNodes.forEach(forget);
      (each as Partial<Element>).shadowRoot?.childNodes.forEach(forget);
    };
    forget(node);
  }

  private scrolled(node: Node | undefined, x: number, y: number): void {
    const target = node === this.doc ? this.doc.scrollingElement : node;
    if (target?.nodeType === 1) (target as Element).scrollTo({ left: Number(x), top: Number(y), behavior: "instant" });
  }

  // --- style sheets -----------------------------------------------------------------------------------------------------

  private sheet({ id, styleId }: { id?: number; styleId?: number }): CSSStyleSheet | null {
    if (styleId !== undefined && this.sheets.has(styleId)) return this.sheets.get(styleId)!;
    const node = id === undefined ? undefined : this.nodes.get(id);
    return (node as Partial<HTMLStyleElement> | undefined)?.sheet ?? null;
  }

  private rule(data: Rule): void {
    const sheet = this.sheet(data);
    if (!sheet) return;
    if (data.replace !== undefined || data.replaceSync !== undefined) sheet.replaceSync(String(data.replaceSync ?? data.replace));
    for (const { index } of data.removes ?? []) {
      const [list, at] = listOf(sheet, index);
      list.deleteRule(at);
    }
    for (const { rule, index } of data.adds ?? []) {
      const [list, at] = listOf(sheet, index ?? sheet.cssRules.length);
      list.insertRule(String(rule), Math.min(at, list.cssRules.length));
    }
  }

  private declare({ set, remove, index, ...of }: Declaration): void {
    const sheet = this.sheet(of);
    if (!sheet) return;
    const [list, at] = listOf(sheet, index);
    const { style } = list.cssRules[at] as CSSStyleRule;
    if (set) style.setProperty(set.property, set.value, set.priority);
    if (remove) style.removeProperty(remove.property);
  }

  private adopt({ id, styles, styleIds }: Adopted): void {
    const View = this.doc.defaultView?.CSSStyleSheet;
    const node = this.nodes.get(id);
    if (!View || !node) return;
    for (const { styleId, rules } of styles ?? []) {
      const sheet = new View();
      for (const { rule } of rules) tryInsert(sheet, String(rule));
      this.sheets.set(styleId, sheet);
    }
    const root = node === this.doc ? this.doc : (node as Partial<Element>).shadowRoot;
    if (root) root.adoptedStyleSheets = styleIds.flatMap((each) => this.sheets.get(each) ?? []);
  }
}

type Rules = Pick<CSSStyleSheet, "cssRules" | "insertRule" | "deleteRule">;

/** Returns how deeply a node is nested: 1 for the document. Counts no further than `MOST_DEPTH` + 1. */
function depthOf(node: Node): number {
  let depth = 0;
  for (let each: Node | null = node; each && depth <= MOST_DEPTH; depth++)
    each = each.parentNode ?? (each as Partial<ShadowRoot>).host ?? null;
  return depth;
}

/** Returns the list that contains a rule, and the rule's index in this list. An `index` of several numbers leads into nested
 *  rules. */
function listOf(sheet: CSSStyleSheet, index: number | number[]): [Rules, number] {
  const path = typeof index === "number" ? [index] : index;
  let list: Rules = sheet;
  for (const at of path.slice(0, -1)) list = list.cssRules[at] as CSSGroupingRule;
  return [list, path.at(-1) ?? 0];
}

function tryInsert(sheet: CSSStyleSheet, rule: string): void {
  try {
    sheet.insertRule(rule, sheet.cssRules.length);
  } catch {
    // this browser does not understand the rule, although the user's browser does: the rule is left out
  }
}
