/** The widget for other scripts: load it, open and close the panel, say who the visitor is, and follow the conversation. */
import type { CodeAnswer, Product } from "./protocol";
import { type Events, eventsBetween, isTalk, type Name, NONE, type Talk } from "./talk";

export type { Events, Name } from "./talk";
export type { CodeAnswer, Product } from "./protocol";

/** The options of the widget, which the attributes of the snippet can also set (docs/embedding.md). */
export interface Options {
  site?: string;
  category?: string;
  /** Language of the counselling, such as "ko"; default: that of the page. */
  lang?: string;
  /** Colour of the launcher (the widget's button on the page), as any CSS colour. */
  accent?: string;
  theme?: "light" | "dark" | "auto";
  /** Region of the visitor, as in `sangdam media --region`. */
  region?: string;
  /** Address of your back end that answers with a signed identification code. */
  codeUrl?: string;
  product?: Product;
  /** A function that returns an identification code signed by your back end. */
  getCode?: (about: object) => string | CodeAnswer | Promise<string | CodeAnswer>;
}

export interface LoadOptions extends Options {
  /** Origin of the counselling server, such as "https://talk.example". */
  server: string;
  site: string;
  category: string;
  /** False hides the launcher: then open the panel by a button of your own. */
  launcher?: boolean;
}

export interface Widget {
  /** Calls `listener` at each later event with this name. Returns a function that unsubscribes `listener`. A listener for
   *  "ready" is called even if the widget is ready already. */
  on: <N extends Name>(name: N, listener: (detail: Events[N]) => void) => () => void;
  open: (options?: Options) => void;
  close: () => void;
  /** Tells the widget who the visitor is. `getCode`: a function that returns an identification code signed by your back end; null
   *  if the visitor is not signed in on your site. */
  identify: (getCode: NonNullable<Options["getCode"]> | null) => void;
  /** Shows or hides the launcher, the widget's button on the page. */
  launcher: (shown: boolean) => void;
}

interface Global {
  init(options?: Options): void;
  open(options?: Options): void;
  close(): void;
}

const LOOK_MS = 50;
/** At most this many calls of the widget's functions are kept until the widget is loaded. The limit matters if the widget never
 *  loads. */
const MOST_WAITING = 100;
const HOST = "sangdam-widget";
const global = (): Global | undefined => {
  const found = (window as { Sangdam?: unknown }).Sangdam as Partial<Global> | undefined;
  // window.Sangdam can also be an element of the page with the id "Sangdam", which is not the widget.
  return typeof found?.init === "function" ? (found as Global) : undefined;
};

/** Returns the widget that a script of this server puts on the page, now or later. Calls of its functions wait until the widget
 *  is there. */
export function connect(server: string): Widget {
  const origin = new URL(server).origin;
  const listeners = new Map<Name, Set<(detail: never) => void>>();
  const waiting: ((widget: Global) => void)[] = [];
  let ready = false;
  let talk: Talk = NONE;
  const fire = <N extends Name>(name: N, detail: Events[N]) =>
    listeners.get(name)?.forEach((listener) => listener(detail as never));
  const soon = (work: (widget: Global) => void) => {
    const widget = ready && global();
    if (widget) work(widget);
    else if (waiting.length < MOST_WAITING) waiting.push(work);
  };
  addEventListener("message", ({ origin: from, data }: MessageEvent<{ talk?: unknown } | null>) => {
    if (from !== origin || !isTalk(data?.talk)) return;
    const told = eventsBetween(talk, data.talk);
    talk = data.talk;
    for (const [name, detail] of told) fire(name, detail as never);
  });
  const begin = (widget: Global, host: HTMLElement) => {
    ready = true;
    let open = host.className === "open";
    new MutationObserver(() => {
      if (open === (host.className === "open")) return;
      open = !open;
      fire(open ? "opened" : "closed", {});
    }).observe(host, { attributes: true, attributeFilter: ["class"] });
    fire("ready", {});
    for (const work of waiting.splice(0)) work(widget);
  };
  const timer = setInterval(() => {
    const [widget, host] = [global(), document.getElementById(HOST)];
    if (!widget || !host) return;
    clearInterval(timer);
    begin(widget, host);
  }, LOOK_MS);
  return {
    on: (name, listener) => {
      const these = listeners.get(name) ?? new Set();
      listeners.set(name, these.add(listener));
      if (name === "ready" && ready) queueMicrotask(() => these.has(listener) && listener({} as never));
      return () => void these.delete(listener);
    },
    open: (options) => soon((widget) => widget.open(options)),
    close: () => soon((widget) => widget.close()),
    identify: (getCode) => soon((widget) => widget.init({ getCode: getCode ?? undefined })),
    launcher: (shown) => {
      const { style } = document.documentElement;
      if (shown) style.removeProperty("--sangdam-launcher");
      else style.setProperty("--sangdam-launcher", "none");
    },
  };
}

let loaded: { server: string; widget: Widget } | undefined;

/** Puts the widget on the page, once. A later call changes its options. */
export function load({ server, launcher = true, ...options }: LoadOptions): Widget {
  const origin = new URL(server).origin;
  if (loaded && loaded.server !== origin) throw new Error(`The widget of ${loaded.server} is on this page already.`);
  if (!loaded) {
    const script = document.createElement("script");
    script.async = true;
    // With the site in the address, the server adds the site's own launcher to the script.
    script.src = `${origin}/widget.js?site=${encodeURIComponent(options.site)}`;
    document.head.append(script);
    loaded = { server: origin, widget: connect(origin) };
  }
  const { widget } = loaded;
  widget.launcher(launcher);
  widget.on("ready", () => global()?.init(options));
  return widget;
}
