/**
 * Passes the partner's page on to the server while the visitor lets staff see it.
 *
 * The script on the page (../../cobrowse/page.ts) records the page as events, and masks them. This module compresses the events,
 * sends them over a WebSocket of their own, and passes back to the script what staff point at. This module keeps no backlog: when
 * the network is slow, this module makes the script pause, and later asks the script for a new snapshot.
 */

import type { FromPage, ToPage } from "../../cobrowse/protocol";
import type { PageState, ServerMessage } from "../../messages";
import { base64 } from "../../room/base64";
import { newId } from "../../room/client";
import { Connection, type Socket } from "../../room/connection";
import { deflate, pieces } from "./pieces";
import { wordsOf, linkWords } from "./words";

/** Time between two requests for the port of the page's script, until the script answers, ms. */
const LOAD_MS = 300;
const ALIVE_MS = 5000;
/** If the browser's send buffer holds more than `FULL_BYTES`, the script on the page pauses. The script continues when the buffer
 *  holds at most `EMPTY_BYTES` and no batch is waiting. */
const FULL_BYTES = 256 * 1024;
const EMPTY_BYTES = 32 * 1024;
const LOOK_MS = 250;
/** At most this many batches are compressed at the same time. If more batches wait, the script on the page pauses, too. */
const MOST_BATCHES = 40;

export interface PageLinkOptions {
  session: string;
  token: string;
  locale: string;
  url: string;
  /** Asks the partner's page for the port of its script (`Bridge.showPage`). */
  showPage: (onPage: ((port: MessagePort) => void) | null) => void;
  openSocket?: (url: string) => Socket;
}

export class PageLink {
  private readonly connection: Connection;
  private state: PageState | null = null;
  private port: MessagePort | null = null;
  private loading: ReturnType<typeof setInterval> | undefined;
  private alive: ReturnType<typeof setInterval> | undefined;
  private waiting: ReturnType<typeof setInterval> | undefined;
  private later: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();
  private batches = 0;

  constructor(private readonly options: PageLinkOptions) {
    this.connection = new Connection({
      url: options.url,
      tab: newId(),
      token: options.token,
      locale: options.locale,
      page: true,
      openSocket: options.openSocket,
      onMessage: (message) => this.received(message),
      onStatus: (status) => status !== "open" && this.off(),
      onRefused: () => undefined,
    });
  }

  open(): void {
    this.connection.open();
    document.addEventListener("visibilitychange", this.seen);
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.seen);
    this.connection.close();
    this.off();
    this.options.showPage(null);
  }

  /** If staff see a page in another tab, makes them see this page instead, because the visitor is looking at this page now. */
  private readonly seen = () => {
    if (!document.hidden && this.replaced) {
      this.replaced = false;
      this.connection.open();
    }
  };
  private replaced = false;

  private received(message: ServerMessage): void {
    if (message.type === "bye" && message.reason === "replaced") this.replaced = true;
    else if (message.type === "page_state") this.changed(message);
    else if (message.type === "page_again") this.again(message.after_ms ?? 0);
    else if (message.type === "pointed") {
      const { name, kind, node, spots = [] } = message;
      this.tell({ mark: { name, kind, node, spots } });
    } else if (message.type === "link_proposed") {
      const { url, name } = message;
      this.tell({ link: { url, words: linkWords(name), origins: this.state?.origins ?? [] } });
    }
  }

  private changed(state: PageState): void {
    this.state = state;
    if (!state.on) this.off();
    else if (this.port) this.tellState();
    else this.load();
  }

  private load(): void {
    const ask = () => this.options.showPage((port) => this.connected(port));
    clearInterval(this.loading);
    this.loading = setInterval(ask, LOAD_MS);
    ask();
  }

  private connected(port: MessagePort): void {
    clearInterval(this.loading);
    this.loading = undefined;
    this.port?.close();
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<FromPage>) => this.fromPage(data);
    clearInterval(this.alive);
    this.alive = setInterval(() => this.tell({ alive: true }), ALIVE_MS);
    this.goOn();
    this.tellState();
  }

  private tellState(): void {
    const { state } = this;
    if (!state?.on) return;
    const { texts = "strict", seen_by = [] } = state;
    this.tell({ state: { mode: texts, seen: seen_by.length > 0, words: wordsOf(state) } });
  }

  /** Stops showing the partner's page to staff. The script on that page then removes the bar with the Stop button. */
  private off(): void {
    clearInterval(this.loading);
    clearInterval(this.alive);
    this.goOn();
    this.loading = this.alive = undefined;
    this.tell({ off: true });
    this.port?.close();
    this.port = null;
  }

  private fromPage(message: FromPage): void {
    if ("stop" in message) {
      this.off();
      this.connection.send({ type: "cobrowse", session: this.options.session, on: false });
      return;
    }
    if (!this.state?.on || this.waiting !== undefined || this.later !== undefined) return;
    if (this.batches >= MOST_BATCHES || this.connection.buffered > FULL_BYTES) {
      this.wait();
      return;
    }
    const { first, events } = message;
    this.batches++;
    const compressed = deflate(JSON.stringify(events));
    this.sending = this.sending.then(async () => {
      try {
        this.send(first, await compressed);
      } finally {
        this.batches--;
      }
    });
  }

  private send(first: boolean, batch: Uint8Array): void {
    const all = pieces(base64(batch));
    all.forEach((data, at) =>
      this.connection.send({ type: "page", session: this.options.session, first, more: at < all.length - 1, data }),
    );
  }

  /** Makes the script on the page pause until the browser has sent the waiting messages. */
  private wait(): void {
    this.tell({ pause: true });
    this.waiting = setInterval(() => {
      if (this.batches > 0 || this.connection.buffered > EMPTY_BYTES) return;
      this.goOn();
      this.tell({ snapshot: true });
    }, LOOK_MS);
  }

  private again(after: number): void {
    this.goOn();
    if (after > 0) this.tell({ pause: true });
    this.later = setTimeout(() => {
      this.later = undefined;
      this.tell({ snapshot: true });
    }, after);
  }

  private goOn(): void {
    clearInterval(this.waiting);
    clearTimeout(this.later);
    this.waiting = this.later = undefined;
  }

  private tell(message: ToPage): void {
    this.port?.postMessage(message);
  }
}
