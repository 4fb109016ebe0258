/** The panel's end of the talk with the widget on the partner's page (see ../widget/protocol.ts). */

import type { CodeAnswer, Context, ToPanel, ToWidget } from "../widget/protocol";

export interface BridgeEvents {
  onContext: (context: Context) => void;
  onPicture: (picture: Blob) => void;
}

/** What fetching a code throws: nobody answered; the answer was no JSON. */
const THROWN: Record<string, string> = { TypeError: "network", SyntaxError: "malformed" };

/** A partner's own back end may be slow; our own answers in milliseconds. */
const CODE_MS = 15_000;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isContext = (value: unknown): value is Context =>
  isObject(value) &&
  typeof value.url === "string" &&
  typeof value.title === "string" &&
  typeof value.html === "string" &&
  Array.isArray(value.trail) &&
  value.trail.every(
    (step) =>
      isObject(step) &&
      typeof step.label === "string" &&
      typeof step.url === "string" &&
      Number.isFinite(step.at) &&
      Number.isFinite(step.dwell_s),
  ) &&
  isObject(value.data);

export class Bridge {
  private parentOrigin = "";
  private asked = 0;
  private readonly waiting = new Map<number, (answer: CodeAnswer) => void>();

  constructor(
    private readonly events: BridgeEvents,
    private readonly own: Pick<Window, "addEventListener"> = window,
    private readonly parent: Pick<Window, "postMessage"> = window.parent,
  ) {
    this.own.addEventListener("message", (event: MessageEvent) => this.received(event));
  }

  /** Asks the widget for a code; `about` is what its maker is told. Never rejects. */
  code(about: Record<string, unknown>): Promise<CodeAnswer> {
    if (!this.parentOrigin) return Promise.resolve({ reason: "no_page" });
    const ask = ++this.asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answered(ask, { reason: "network" }), CODE_MS);
      this.waiting.set(ask, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.post({ ask, about });
    });
  }

  picture(url: string): void {
    this.post({ picture: url });
  }

  fold(): void {
    this.post({ fold: true });
  }

  /** What the pill says while the panel is folded ("" for its usual words), and whether the panel must come back after navigation. */
  status(status: string, live: boolean): void {
    this.post({ status, live });
  }

  private post(message: ToWidget): void {
    if (this.parentOrigin) this.parent.postMessage(message, this.parentOrigin);
  }

  private received(event: MessageEvent): void {
    if ((event.source as unknown) !== this.parent || (event.source as unknown) === this.own || !isObject(event.data)) return;
    const said = event.data as Partial<Record<string, unknown>> & Partial<ToPanel>;
    if (isContext(said.context)) {
      // The first page that speaks is the one that frames us; frame-ancestors has let no other do so.
      this.parentOrigin ||= event.origin;
      if (event.origin === this.parentOrigin) this.events.onContext(said.context);
    }
    if (event.origin !== this.parentOrigin) return;
    if (said.picture instanceof Blob) this.events.onPicture(said.picture);
    if (typeof said.ask === "number" && isObject(said.code)) this.answered(said.ask, said.code);
  }

  private answered(ask: number, answer: CodeAnswer): void {
    const { reason } = answer;
    this.waiting.get(ask)?.(reason ? { ...answer, reason: THROWN[reason] ?? reason } : answer);
    this.waiting.delete(ask);
  }
}
