/** The panel's end of the messages exchanged with the widget on the partner's page (see ../widget/protocol.ts). */

import type { CodeAnswer, Context, ToPanel, ToWidget } from "../widget/protocol";
import type { Talk } from "../widget/talk";

export interface BridgeEvents {
  onContext: (context: Context) => void;
}

/** Called with the port of the script that shows the page to staff (../cobrowse/page.ts). */
export type OnPage = (port: MessagePort) => void;

/** The source of an identification code: an address, or the function `getCode` of the partner's page. */
export type CodeMaker = { url: string } | { getCode: true };

/** Name of the error that fetching an identification code throws → the reason of the failure. "network": no answer came.
 *  "malformed": the answer was not JSON. */
const THROWN: Record<string, string> = { TypeError: "network", SyntaxError: "malformed" };

/** The panel waits at most this many ms for an identification code. A partner's back end can be slow. */
const ANSWER_MS = 15_000;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isContext = (value: unknown): value is Context =>
  isObject(value) &&
  typeof value.html === "string" &&
  Array.isArray(value.trail) &&
  value.trail.every((line) => typeof line === "string") &&
  Number.isFinite(value.now) &&
  isObject(value.data);

/** Reads the answer to a request for an identification code. Partners write `getCode` and the program at the address, so the
 *  answer can be anything. */
async function codeOf(answer: unknown): Promise<CodeAnswer> {
  if (typeof answer === "string") return { code: answer };
  let said = answer;
  if (answer instanceof Blob) {
    try {
      said = JSON.parse(await answer.text());
    } catch {
      return { reason: "malformed" };
    }
  }
  if (!isObject(said)) return { reason: "malformed" };
  const { reason } = said;
  return typeof reason === "string" ? { ...said, reason: THROWN[reason] ?? reason } : said;
}

export class Bridge {
  private parentOrigin = "";
  private asked = 0;
  private onPage: OnPage | null = null;
  private last: { status: string; live: boolean; talk: Talk } | null = null;
  private readonly waiting = new Map<number, (answer: unknown) => void>();

  constructor(
    private readonly events: BridgeEvents,
    private readonly own: Pick<Window, "addEventListener"> = window,
    private readonly parent: Pick<Window, "postMessage"> = window.parent,
  ) {
    this.own.addEventListener("message", (event: MessageEvent) => this.received(event));
  }

  /** Makes the partner's page fetch an identification code. `about`: facts that the page passes on to the address or to
   *  `getCode`. Never rejects: a failure is part of the answer. */
  async code(about: Record<string, unknown>, maker: CodeMaker): Promise<CodeAnswer> {
    if (!this.parentOrigin) return { reason: "no_page" };
    if ("getCode" in maker) return codeOf(await this.ask({ about }));
    // This frame writes the JSON, because scripts on the partner's page can change the page's JSON functions (see
    // ../widget/trail.ts).
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(about) };
    return codeOf(await this.ask({ url: maker.url, init }));
  }

  /** Asks the partner's page to fetch an address. Returns the response, or null if that page cannot read the address, for example
   *  because it is not allowed to. */
  async picture(url: string): Promise<Blob | null> {
    const answer = await this.ask({ url });
    return answer instanceof Blob ? answer : null;
  }

  fold(): void {
    this.post({ fold: true });
  }

  /** Sets the text of the pill, which stands for the folded panel; "" is the default text. `live`: whether the panel reopens
   *  by itself on the next page. `talk`: the facts about the conversation that scripts on the page get. */
  status(status: string, live: boolean, talk: Talk): void {
    this.last = { status, live, talk };
    this.post(this.last);
  }

  /** Makes the partner's page load the script that shows the page to staff. `onPage` gets the script's port. Call this again
   *  until `onPage` has the port: the script answers the first message that comes after it is loaded. Null: no port is wanted
   *  any more. */
  showPage(onPage: OnPage | null): void {
    this.onPage = onPage;
    if (onPage && this.last) this.post({ ...this.last, url: `${location.origin}/cobrowse.js` });
  }

  private ask(what: { url: string; init?: RequestInit } | { about: object }): Promise<unknown> {
    const ask = ++this.asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answered(ask, { reason: "network" }), ANSWER_MS);
      this.waiting.set(ask, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.post({ ask, ...what });
    });
  }

  private post(message: ToWidget): void {
    if (this.parentOrigin) this.parent.postMessage(message, this.parentOrigin);
  }

  private received(event: MessageEvent): void {
    if ((event.source as unknown) !== this.parent || (event.source as unknown) === this.own || !isObject(event.data)) return;
    const said = event.data as Partial<Record<string, unknown>> & Partial<ToPanel>;
    if (isContext(said.context)) {
      // The first page that sends a message is the page that embeds us: frame-ancestors allows no other page to embed us.
      this.parentOrigin ||= event.origin;
      if (event.origin === this.parentOrigin) this.events.onContext(said.context);
    }
    if (event.origin !== this.parentOrigin) return;
    if (typeof said.ask === "number") this.answered(said.ask, said.answer);
    if (said.page === true && event.ports[0]) this.onPage?.(event.ports[0]);
  }

  private answered(ask: number, answer: unknown): void {
    this.waiting.get(ask)?.(answer);
    this.waiting.delete(ask);
  }
}
