/** Everything that this script puts on the partner's page: the bar with the Stop button, and the pointers, frames and lines with
 *  which staff point at something. All of this is in a closed shadow root, and the recorder leaves it out. */

import { areSpots, type Box, pointOf } from "./marks";
import css from "./overlay.css?inline";
import type { Mark, Words } from "./protocol";

const POINTER_MS = 4000; // how long a pointer is shown after its last move
const FRAME_MS = 6000;
const LINE_MS = 5000;
const MOST_LINES = 40;
const MOST_FRAMES = 5;
/** For this time, ms, after a proposed link has appeared, the link cannot be opened. The visitor could have meant such an early
 *  press for what was at the same place before. */
const SETTLES_MS = 700;
const SVG = "http://www.w3.org/2000/svg";

interface Events {
  onStop: () => void;
  /** Shows staff the value of the focused field, or hides that value from staff. */
  onField: () => void;
  onLink: (url: string) => void;
}

const make = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text = ""): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
};

export class Overlay {
  private readonly host = make("div", "");
  private readonly root = this.host.attachShadow({ mode: "closed" });
  private readonly bar = make("div", "bar");
  private readonly words = make("p", "words");
  private readonly what = make("p", "what");
  private readonly stop = make("button", "stop");
  private readonly field = make("button", "field");
  private readonly link = make("div", "link");
  private readonly layer = make("div", "layer");
  private readonly drawing = document.createElementNS(SVG, "svg");
  private readonly pointers = new Map<string, { element: HTMLElement; timer: ReturnType<typeof setTimeout> }>();
  private texts: Words | null = null;
  private readonly watch: ReturnType<typeof setInterval>;

  constructor(private readonly events: Events) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
    this.host.dataset.sangdamOwn = "";
    this.bar.setAttribute("role", "status");
    this.stop.type = this.field.type = "button";
    this.stop.onclick = () => events.onStop();
    // A press on the button leaves the focus in the field, because the button shows or hides the value of the field that has the
    // focus.
    this.field.onpointerdown = (event) => event.preventDefault();
    this.field.onclick = () => events.onField();
    this.field.hidden = this.link.hidden = true;
    const said = make("div", "said");
    said.append(this.words, this.what);
    this.bar.append(make("span", "dot"), said, this.field, this.stop);
    this.layer.setAttribute("aria-hidden", "true");
    this.layer.append(this.drawing);
    this.root.append(this.layer, this.link, this.bar);
    this.stay();
    // puts the bar back after a single-page application has replaced its whole document
    this.watch = setInterval(() => this.stay(), 300);
  }

  /** Says who sees the page. */
  say(words: Words, seen: boolean): void {
    this.texts = words;
    this.host.lang = document.documentElement.lang;
    this.bar.className = seen ? "bar seen" : "bar";
    const said = seen ? words.seen : words.unseen;
    if (this.words.textContent !== said) this.words.textContent = said;
    this.what.textContent = words.what;
    this.stop.textContent = words.stop;
  }

  /** Offers the visitor to show staff the value of the focused field, or to hide the value if staff see it now (`shown`). Null:
   *  there is no focused field, or its value must not be shown. */
  offer(shown: boolean | null): void {
    this.field.hidden = shown === null;
    if (this.texts && shown !== null) this.field.textContent = shown ? this.texts.hide : this.texts.show;
  }

  /** Proposes a page to the visitor, who decides whether to open the page. */
  propose(url: string, words: string): void {
    const open = make("button", "open", this.texts?.open);
    const dismiss = make("button", "dismiss", this.texts?.dismiss);
    const { host, pathname, search } = new URL(url);
    // the query is shown, because it can cause an action when the page is opened
    const address = make("p", "address", host + pathname + search);
    const since = performance.now();
    const said = make("div", "said");
    said.append(make("p", "words", words), address);
    const away = () => {
      this.link.hidden = true;
    };
    open.onclick = () => {
      if (performance.now() - since < SETTLES_MS) return;
      away();
      this.events.onLink(url);
    };
    dismiss.onclick = away;
    this.link.setAttribute("role", "alert");
    this.link.replaceChildren(said, dismiss, open);
    this.link.hidden = false;
  }

  /** Shows the pointer, frame or line that a member of staff has drawn at an element. `box`: the element's box. */
  mark(mark: Mark, box: Box): void {
    if (!areSpots(mark.spots)) return;
    const points = mark.spots.map((spot) => pointOf(box, spot));
    if (mark.kind === "frame") this.frame(box);
    else if (mark.kind === "line") this.line(points);
    else if (points[0]) this.point(mark.name, points[0]);
  }

  remove(): void {
    clearInterval(this.watch);
    for (const { timer } of this.pointers.values()) clearTimeout(timer);
    this.host.remove();
  }

  /** Moves the bar into an open modal dialog of the page, because people can press only what is inside the dialog. */
  private stay(): void {
    const top = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.documentElement;
    if (this.host.parentNode !== top) top.append(this.host);
  }

  private point(name: string, { x, y }: { x: number; y: number }): void {
    const known = this.pointers.get(name);
    const element = known?.element ?? make("div", "pointer");
    if (!known) {
      const tip = document.createElementNS(SVG, "svg");
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", "M1 1l5 14 3-6 6-3z");
      tip.setAttribute("viewBox", "0 0 16 16");
      tip.append(path);
      element.append(tip, make("span", "name", name));
      this.layer.append(element);
    }
    clearTimeout(known?.timer);
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    const timer = setTimeout(() => {
      element.remove();
      this.pointers.delete(name);
    }, POINTER_MS);
    this.pointers.set(name, { element, timer });
  }

  private frame({ left, top, width, height }: Box): void {
    const frame = make("div", "frame");
    Object.assign(frame.style, {
      left: `${left - 4}px`,
      top: `${top - 4}px`,
      width: `${width + 8}px`,
      height: `${height + 8}px`,
    });
    this.layer.append(frame);
    const frames = this.layer.querySelectorAll(".frame");
    if (frames.length > MOST_FRAMES) frames[0]!.remove();
    setTimeout(() => frame.remove(), FRAME_MS);
  }

  private line(points: { x: number; y: number }[]): void {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    this.drawing.append(line);
    if (this.drawing.childElementCount > MOST_LINES) this.drawing.firstElementChild?.remove();
    setTimeout(() => line.remove(), LINE_MS);
  }
}
