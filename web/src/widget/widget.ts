// The script on the partner's page: the launcher, the panel's frame, and the data of the visit. It is one classic script of at
// most 2,048 bytes gzip, so it is terse, and all other code is in the panel. The script relies on nothing that the page can
// change. So it uses neither JSON (see trail.ts) nor properties of `document` that a form with a name can replace.
import type { Asked, CodeAnswer, Context, Product, Told, ToPanel } from "./protocol";
import { added, visited } from "./trail";
import css from "./widget.css?inline";

interface Options {
  site?: string;
  category?: string;
  lang?: string;
  accent?: string;
  theme?: string;
  codeUrl?: string;
  product?: Product;
  getCode?: (about: object) => string | CodeAnswer | Promise<string | CodeAnswer>;
}

declare global {
  interface Window {
    /** `attributes`: the `data-*` of a later copy of the snippet. Such copies run on pages where a script replaces the body. */
    Sangdam?: { open(options?: Options): void; close(): unknown; init(options?: Options, attributes?: Options): void };
  }
}

const page = <K extends keyof Document>(key: K) => Reflect.get(Document.prototype, key, document) as Document[K];
const html = () => page("documentElement");

// `currentScript` is null if the widget is loaded as a module. The address of the module is the first address in an error's
// stack.
const script = (page("currentScript") ?? html().querySelector('[data-site][src*="/widget.js"]')) as HTMLScriptElement | null;
const server = new URL(script?.src ?? /http\S+/.exec(Error().stack!)![0]).origin;
/** The script's attributes, read whenever they are needed: a page can change them later, for example when a visitor signs in. */
let data = (script?.dataset ?? {}) as Options;
let options: Options = {};
const settings = () => ({ lang: html().lang || navigator.language, accent: "#1f5fd0", ...data, ...options });

/** The trail and `live` survive navigation. `live`: how the next page shows the panel: "open", folded ("-"), or absent (""). */
let live: string | undefined;
let trail: string[] = [];
/** Reads the stored trail and `live` before each change. Another page might have changed them while this page was in the
 *  back/forward cache. */
const change = (how: () => void) => {
  try {
    [live, ...trail] = (sessionStorage.sangdamVisit as string).split("\n");
  } catch {
    // If nothing is stored, or storage is forbidden, the trail (the pages that the user has visited) has only this page.
  }
  how();
  try {
    sessionStorage.sangdamVisit = [live, ...trail].join("\n");
  } catch {
    // If the browser forbids storage, the trail and `live` end with this page.
  }
};

/** Returns the page's address, which is ASCII. Keeps a fragment that is a path of a single-page application, and drops an anchor. */
const address = () => location.href.replace(/#(?![!/]).*/, "").slice(0, 500);
const shown = () => address() + page("title");
let looked: string;
let seen = 0;
let since = 0;

/** Updates the visitor's trail with the page's dwell time and address. `mark`: the label of a clicked element, which becomes
 *  the trail's next step. */
const look = (mark?: string) => {
  const now = Date.now();
  change(() => {
    trail = visited(trail, (seen * (now - since)) / 1e3, page("title"), address(), now);
    if (mark) trail = added(trail, "mark", mark, address(), now);
  });
  looked = shown();
  seen = +!page("hidden");
  since = now;
};

const make = <K extends keyof HTMLElementTagNameMap>(tag: K) =>
  page("createElement").call(document, tag) as HTMLElementTagNameMap[K];
const host = make("div");
const launcher = make("button");
const frame = make("iframe");
const root = host.attachShadow({ mode: "closed" });
let status: string;
let pressed: Context["pressed"];
let loaded: 0 | 1;

const post = (message: ToPanel) => frame.contentWindow?.postMessage(message, server);

const tell = () => {
  look();
  post({
    context: {
      trail,
      now: since,
      data: { ...settings(), getCode: !!options.getCode },
      html: [...html().querySelectorAll('meta[property],[type$="ld+json"]')].map((tag) => tag.outerHTML).join(""),
      pressed,
    },
  });
  pressed = false;
};

const dress = () => {
  const now = settings();
  launcher.style.setProperty("--a", now.accent);
  frame.title = /^ko(?![a-z])/i.test(now.lang) ? "상담하기" : "Ask a counselor";
  launcher.textContent = status || frame.title;
};

/** Opens or folds the panel. `again`: the panel reopens by itself after navigation, and must not take the keyboard focus. Without
 *  `again`, the panel gets the focus when it opens, and the launcher gets the focus when the panel is folded. */
const show = (open: unknown, again?: boolean) => {
  host.className = open ? "open" : "";
  pressed = !again && host.className;
  change(() => {
    if (live) live = host.className || "-";
  });
  const now = settings();
  const source = `${server}/panel?site=${now.site}&category=${now.category}&lang=${now.lang}`;
  if (!frame.src || (open && !live && frame.src != source)) {
    loaded = 0;
    frame.src = source;
    root.append(frame);
  } else if (loaded) tell();
  if (!again) (open ? frame : launcher).focus();
};

/** Runs whenever the page is shown or hidden, and whenever the widget gets options. With a tag manager, the site is not known
 *  before `init` is called. */
const come = () => {
  look();
  if (live && settings().site) show(live > "-", true);
};

const answer = async (said: Asked) => {
  try {
    return said.about ? await options.getCode!(said.about) : await (await fetch(said.url, said.init)).blob();
  } catch (error) {
    return { reason: (error as Error).name };
  }
};

frame.referrerPolicy = "origin";
frame.onload = () => {
  loaded = 1;
  tell();
};

// oxlint-disable-next-line typescript/no-misused-promises -- this handler never rejects
addEventListener("message", async (event: MessageEvent<Told>) => {
  const said = event.data;
  if (event.origin != server || event.source != frame.contentWindow) return;
  if (said.ask) post({ ask: said.ask, answer: await answer(said as Asked) });
  else if (said.fold) show(false);
  else {
    // The page's Content Security Policy applies to `import`. The imported script passes it, because it has this script's nonce.
    if (said.url) void import(/* @vite-ignore */ said.url);
    status = said.status;
    change(() => {
      live = said.live ? host.className || "-" : "";
    });
    dress();
  }
});

// A later copy of the script only passes its attributes to the first copy. (`Sangdam` can also be an element with that id.)
if (window.Sangdam?.init) window.Sangdam.init({}, data);
else {
  const init = (given?: Options, attributes = data) => {
    data = attributes;
    options = { ...options, ...given };
    dress();
    come();
  };
  window.Sangdam = {
    init,
    open: (given) => {
      init(given);
      show(true);
    },
    close: () => host.className && show(false),
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  host.id = "sangdam-widget";
  launcher.ariaLive = "polite";
  launcher.onclick = show; // `show` gets the click event as its argument `open`, which therefore counts as true
  root.append(launcher);
  addEventListener("visibilitychange", come);
  addEventListener("pageshow", come);
  addEventListener(
    "click",
    (event) => {
      const path = event.composedPath() as (Partial<HTMLElement> & EventTarget)[];
      const mark = path.find((node) => node.dataset?.sangdamMark != null);
      look(mark && (mark.dataset!.sangdamMark || mark.innerText));
    },
    true,
  );
  const watch = () => {
    if (!host.isConnected) {
      loaded = 0;
      html().append(host);
    }
    if (looked != shown()) (loaded ? tell : look)();
  };
  // Poll: single-page applications change their address, and replace their body or document, without an event.
  setInterval(watch, 300);
  watch();
  init();
}
