// The partner's page: a launcher, the panel's frame, and what the page knows. One classic script of at most 2,048 bytes
// gzip, hence terse; everything that can live in the panel lives there.
import type { CodeAnswer, Product, ToPanel, ToWidget } from "./protocol";
import type { Step } from "./trail";
import { added, visited } from "./trail";
import css from "./widget.css?inline";

interface Options {
  category?: string;
  product?: Product;
  getCode?: (about: object) => string | CodeAnswer | Promise<string | CodeAnswer>;
}

declare global {
  interface Window {
    Sangdam?: { open(options?: Options): void; init(options: Options): void };
  }
}

const script = document.currentScript as HTMLScriptElement;
const data = script.dataset;
const server = new URL(script.src).origin;
const options: Options = {};

/** Survives navigation: the trail, and whether the panel of a live text session is open (not 0), folded (0) or not there. */
let state: { trail: Step[]; live?: number } = { trail: [] };
try {
  state = JSON.parse(sessionStorage.sangdam as string) as typeof state;
} catch {
  // Nothing there, or the page forbids storage: then the trail is this page only.
}
const save = () => {
  try {
    sessionStorage.sangdam = JSON.stringify(state);
  } catch {
    // As above.
  }
};

const address = () => location.href.split("#")[0]!.slice(0, 500);
let seen = false;
let since = 0;

const look = () => {
  const now = Date.now();
  state.trail = visited(state.trail, seen ? (now - since) / 1e3 : 0, document.title, address(), now);
  seen = !document.hidden;
  since = now;
  save();
};

const makeCode = async (about: unknown): Promise<CodeAnswer> => {
  try {
    const answer = options.getCode
      ? await options.getCode(about as object)
      : ((await (
          await fetch(data.codeUrl ?? server + "/api/codes", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(about),
          })
        ).json()) as CodeAnswer);
    return typeof answer == "string" ? { code: answer } : answer;
  } catch (error) {
    return { reason: (error as Error).name };
  }
};

const language = () => data.lang ?? (document.documentElement.lang || navigator.language);
const name = language().startsWith("ko") ? "상담하기" : "Ask a counselor";
const make = <K extends keyof HTMLElementTagNameMap>(tag: K) => document.createElement(tag);
const host = make("div");
const launcher = make("button");
const label = make("span");
const frame = make("iframe");
const root = host.attachShadow({ mode: "closed" });
let pressed: boolean;
let loaded = false;

const post = (message: ToPanel) => frame.contentWindow!.postMessage(message, server);

const tell = () => {
  look();
  post({
    context: {
      url: address(),
      title: document.title,
      trail: state.trail,
      data: Object.assign({}, data),
      product: options.product,
      html: [...document.querySelectorAll('meta[property],[type="application/ld+json"]')].map((tag) => tag.outerHTML).join(""),
      partner: !!(data.codeUrl ?? options.getCode),
      pressed,
    },
  });
};

/** `byHand`: pressed just now, so the focus moves. */
const show = (open: boolean, byHand = true) => {
  pressed = byHand;
  host.className = open ? "open" : "";
  const live = state.live != null;
  if (live) state.live = host.className.length;
  const query = new URLSearchParams({ site: data.site!, category: options.category ?? data.category!, lang: language() });
  const source = `${server}/panel?${query.toString()}`;
  if (!frame.src || (open && !live && frame.src != source)) {
    loaded = false;
    frame.src = source;
    root.append(frame);
  } else if (open && loaded) tell();
  if (byHand) (open ? frame : launcher).focus();
  save();
};

frame.onload = () => {
  loaded = true;
  tell();
};

// oxlint-disable-next-line typescript/no-misused-promises -- nothing in it rejects
addEventListener("message", async ({ origin, source, data: said }: MessageEvent<ToWidget>) => {
  if (origin != server || source != frame.contentWindow) return;
  if ("ask" in said) post({ code: await makeCode(said.about), ask: said.ask });
  else if ("picture" in said)
    try {
      post({ picture: await (await fetch(said.picture)).blob() });
    } catch {
      // Another origin's picture without CORS: then there is none.
    }
  else if ("fold" in said) show(false);
  else {
    label.textContent = said.status || name;
    state.live = said.live ? host.className.length : undefined;
    save();
  }
});

const start = () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  host.id = "sangdam-widget";
  if (data.accent) launcher.style.setProperty("--a", data.accent);
  label.textContent = frame.title = name;
  label.ariaLive = "polite";
  launcher.onclick = () => show(true);
  launcher.append(make("i"), label);
  root.append(launcher);
  document.body.append(host);
  addEventListener("visibilitychange", look);
  addEventListener(
    "click",
    ({ target }) => {
      const mark = (target as Element).closest<HTMLElement>("[data-sangdam-mark]");
      look();
      if (mark) {
        state.trail = added(state.trail, "mark", mark.dataset.sangdamMark || mark.innerText, address(), since);
        save();
      }
    },
    true,
  );
  look();
  if (state.live != null) show(!!state.live, false);
};

// A second copy of the script on one page does nothing.
if (!window.Sangdam) {
  const init = (given?: Options) => void Object.assign(options, given);
  window.Sangdam = {
    init,
    open: (given) => {
      init(given);
      show(true);
    },
  };
  if (document.body as HTMLElement | null) start();
  else addEventListener("DOMContentLoaded", start);
}
