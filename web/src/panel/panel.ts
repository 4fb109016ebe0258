/** What the panel does: holds the visit, begins a session inside the click, hands it to the call window or talks itself. */

import type { Channel } from "../messages";
import { Client, newId } from "../room/client";
import { awaitEnded, type Handoff, offerHandoff, type Offering } from "../room/handoff";
import { createStore, type Readable } from "../ui/store";
import type { Context } from "../widget/protocol";
import { type PanelInfo, panelInfo, Refusal, retryOf, sendProductPicture, startSession } from "./api";
import { Bridge, type CodeMaker } from "./bridge";
import { hintOf } from "./hints";
import { keep, type Kept, KEPT, loadKept } from "./kept";
import { productOf, readTags } from "./product";
import { type Box, sessionBox } from "./storage";
import { isClosed } from "./words";
import { readTrail } from "../widget/trail";
import { type ItemKey, itemsOf, pageOf, supplementOf, usablePicture, type Visit, visitOf } from "./visit";

export interface PanelState {
  info: PanelInfo | null;
  /** Why there is nothing to offer, "" while all is well. */
  broken: string;
  visit: Visit | null;
  /** The partner's back end makes the code and may add what it knows of the user. */
  partner: boolean;
  removed: ReadonlySet<ItemKey>;
  typed: { name: string; note: string };
  starting: Channel | null;
  /** Very many people are coming: when the panel tries again by itself (our clock), 0 otherwise. */
  retryAt: number;
  /** Why the last click did not lead to a session, "" otherwise. */
  refusal: string;
  kept: Kept | null;
  /** The live text session, while the panel itself is its client. */
  client: Client | null;
  /** The browser would not open the call window. */
  blocked: boolean;
  /** The call window was opened and is closed again. */
  closed: boolean;
  /** What went on in the call window is over. */
  ended: boolean;
  folded: boolean;
}

/** What `Panel` needs of the browser, so that tests can play it. */
export interface Surroundings {
  query: { site: string; category: string; lang: string };
  storage: Box;
  openWindow: (url: string, name: string) => Window | null;
  /** The widget shows the pill and not this frame. */
  hidden: () => boolean;
  /** Keys go to this frame from now on. */
  focus: () => void;
  bridge: (panel: { onContext: (context: Context) => void }) => Pick<Bridge, "code" | "picture" | "fold" | "status">;
  /** Calls back when the browser shows this page again as it was left (back/forward cache). */
  whenBack: (back: () => void) => void;
  /** A line for those who build the partner's page. */
  hint: (line: string) => void;
}

export function browser(): Surroundings {
  const query = new URLSearchParams(location.search);
  const of = (name: string) => query.get(name) ?? "";
  return {
    query: { site: of("site"), category: of("category"), lang: of("lang") },
    storage: sessionBox(KEPT),
    openWindow: (url, name) => window.open(url, name),
    hidden: () => window.innerWidth === 0,
    focus: () => window.focus(),
    bridge: (events) => new Bridge(events),
    whenBack: (back) => addEventListener("pageshow", ({ persisted }) => persisted && back()),
    hint: (line) => console.error(line),
  };
}

const WATCH_MS = 1000;
const MOST_TRIES = 8;

export class Panel {
  private readonly store = createStore<PanelState>({
    info: null,
    broken: "",
    visit: null,
    partner: false,
    removed: new Set(),
    typed: { name: "", note: "" },
    starting: null,
    retryAt: 0,
    refusal: "",
    kept: null,
    client: null,
    blocked: false,
    closed: false,
    ended: false,
    folded: false,
  });
  private readonly bridge: ReturnType<Surroundings["bridge"]>;
  private stopWaiting: () => void = () => undefined;
  private callWindow: Window | null = null;
  private offering: Offering | null = null;
  private pictureUrl = "";
  private context: Context | null = null;

  constructor(private readonly around: Surroundings) {
    this.bridge = around.bridge({ onContext: (context) => this.onContext(context) });
    this.change({ kept: loadKept(around.storage), folded: false });
    setInterval(() => this.watchWindow(), WATCH_MS);
    awaitEnded((session) => this.onEnded(session));
    around.whenBack(() => this.back());
  }

  get state(): Readable<PanelState> {
    return this.store;
  }

  /** Tells the server site, category and language, nothing more; goes on with a text session that lives. */
  async start(): Promise<void> {
    const { site, category, lang } = this.around.query;
    try {
      const info = await panelInfo(site, category, lang);
      this.change({ info, broken: "" });
      this.look();
      const { kept } = this.store.get();
      if (kept?.place === "panel") this.talk(kept, info.language);
    } catch (error) {
      const reason = reasonOf(error);
      this.change({ broken: reason });
      this.tellBuilders(reason);
    }
  }

  remove(key: ItemKey): void {
    this.change({ removed: new Set([...this.store.get().removed, key]) });
  }

  type(typed: Partial<PanelState["typed"]>): void {
    this.change({ typed: { ...this.store.get().typed, ...typed } });
  }

  /** Text, Voice or Video was pressed. Opens the call window before anything is awaited: browsers allow it only within the click. */
  async begin(channel: Channel): Promise<void> {
    const { info, starting } = this.store.get();
    if (!info || starting) return;
    const name = `sangdam-${newId()}`;
    const offering = channel === "text" ? null : this.openCall(name);
    this.change({ starting: channel, refusal: "" });
    try {
      const made = await this.patiently(() => this.makeSession(info, channel));
      if (!made) {
        offering?.stop();
        this.callWindow?.close();
        this.callWindow = null;
        this.change({ starting: null, blocked: false });
        return;
      }
      const kept: Kept = { ...made, channel, place: channel === "text" ? "panel" : "window", window: name };
      this.keep(kept);
      if (channel === "text") this.talk(kept, info.language);
      else offering?.give(this.handoff(kept));
    } catch (error) {
      const reason = reasonOf(error);
      offering?.give({ reason, message: error instanceof Error ? error.message : "" });
      this.change({ refusal: reason, blocked: false });
      this.tellBuilders(reason);
    }
    this.change({ starting: null });
  }

  /** No longer waits for its turn. */
  giveUp(): void {
    this.stopWaiting();
  }

  /** Tries again when the server says when, as long as the user waits; null when they do not want to any more. */
  private async patiently<T>(attempt: () => Promise<T>): Promise<T | null> {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const retry_s = retryOf(error);
        if (!retry_s || tries >= MOST_TRIES) throw error;
        if (!(await this.waits(retry_s))) return null;
      }
    }
  }

  private async waits(seconds: number): Promise<boolean> {
    const wait_ms = seconds * 1000;
    this.change({ retryAt: Date.now() + wait_ms });
    const patient = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), wait_ms);
      this.stopWaiting = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.stopWaiting = () => undefined;
    this.change({ retryAt: 0 });
    return patient;
  }

  /** Back to the call window of the live session: to the front if it is there, opened again if not. */
  resume(): void {
    const { kept } = this.store.get();
    if (!kept) return;
    if (this.callWindow && !this.callWindow.closed) this.callWindow.focus();
    else this.openCall(kept.window)?.give(this.handoff(kept));
  }

  /** A text session goes on in the call window, which asks for microphone and camera before it adds them. */
  addVoice(channel: Channel = "voice"): void {
    const { kept } = this.store.get();
    if (!kept) return;
    const moved: Kept = { ...kept, channel, place: "window" };
    const taken = () => {
      this.endTalk();
      this.keep(moved);
      this.bridge.status("", false);
    };
    this.openCall(kept.window, taken)?.give(this.handoff(moved));
  }

  /** The call window is closed: the session goes on here, in writing. */
  talkHere(): void {
    const { kept, info } = this.store.get();
    if (!kept || !info) return;
    this.offering?.stop();
    this.callWindow = null;
    const here: Kept = { ...kept, place: "panel" };
    this.keep(here);
    this.change({ closed: false, blocked: false });
    this.talk(here, info.language);
  }

  /** Away from what was kept, back to the offer. */
  anew(): void {
    this.endTalk();
    this.offering?.stop();
    this.callWindow = null;
    this.keep(null);
    this.change({ refusal: "", blocked: false, closed: false, ended: false, removed: new Set() });
    this.bridge.status("", false);
    void this.start();
  }

  fold(): void {
    this.change({ folded: true });
    this.bridge.fold();
  }

  /** What the folded pill says; `live` brings the panel back after navigation. */
  status(words: string, live: boolean): void {
    this.bridge.status(words, live);
  }

  private async makeSession(info: PanelInfo, channel: Channel): Promise<{ session: string; token: string }> {
    const { visit, removed, typed, partner } = this.store.get();
    const { site, category } = this.around.query;
    const shared = visit && supplementOf(visit, removed, typed);
    const about = { site, category, language: info.language };
    const answer = await this.bridge.code(
      partner ? { ...about, product: shared?.product ?? null, page_url: shared?.page_url ?? "" } : about,
      this.maker(),
    );
    if (!answer.code) throw new Refusal(answer.reason ?? "malformed", answer.message, answer.retry_s);
    const nothing = { page_url: "", page_title: "", product: null, trail: [], user_name: typed.name, note: typed.note };
    const made = await startSession(answer.code, channel, info.language, shared ?? nothing);
    if (visit?.picture && itemsOf(visit, removed).includes("picture"))
      void sendProductPicture(made.session, made.token, visit.picture);
    return made;
  }

  /** Who makes the code: the partner's own back end (it may vouch for the user), or ours. */
  private maker(): CodeMaker {
    const { getCode, codeUrl } = this.context?.data ?? {};
    if (getCode === true) return { getCode };
    return { url: codeUrl ?? `${location.origin}/api/codes` };
  }

  private tellBuilders(reason: string): void {
    const hint = hintOf(reason, this.around.query);
    if (hint) this.around.hint(hint);
  }

  /** The page is shown again as it was left, and the visitor may have gone on elsewhere since: what was kept last counts. */
  private back(): void {
    const { kept, client, info, ended } = this.store.get();
    const newest = loadKept(this.around.storage);
    if (newest?.session === kept?.session && newest?.place === kept?.place) {
      client?.open();
      return;
    }
    if (ended && !newest) return;
    this.endTalk();
    this.offering?.stop();
    this.callWindow = null;
    this.change({ kept: newest, refusal: "", blocked: false, closed: false, ended: false });
    this.bridge.status("", false);
    if (newest?.place === "panel" && info) this.talk(newest, info.language);
  }

  private handoff(kept: Kept): Handoff {
    return { session: kept.session, token: kept.token, channel: kept.channel, locale: this.store.get().info?.language };
  }

  private openCall(name: string, onTaken: () => void = () => undefined): Offering | null {
    this.offering?.stop();
    this.callWindow = this.around.openWindow("/call", name);
    this.change({ blocked: !this.callWindow, closed: false });
    this.offering = this.callWindow && offerHandoff(this.callWindow, onTaken);
    return this.offering;
  }

  private talk(kept: Kept, locale: string): void {
    const client = new Client({ token: kept.token, locale, storage: this.around.storage });
    client.onMessage((message) => {
      if (
        message.type === "session" &&
        message.session.id === kept.session &&
        message.session.state === "preparing" &&
        !isClosed(message.session.opening)
      )
        client.connection.request({ type: "enter", session: kept.session, channel: "text" }).catch(() => undefined);
      if (message.type === "bye" && message.reason === "token") this.anew();
    });
    client.open();
    this.change({ client });
  }

  private endTalk(): void {
    this.store.get().client?.close();
    this.change({ client: null });
  }

  private onContext(context: Context): void {
    this.context = context;
    const partner = context.data.getCode === true || context.data.codeUrl !== undefined;
    this.change({ partner, folded: !context.pressed && (this.store.get().folded || this.around.hidden()) });
    // The focus that the widget gives the frame is lost while it loads.
    if (context.pressed) this.around.focus();
    this.look();
  }

  /** What the page is about, once both the page and the server (language, allowed parameters) have spoken. */
  private look(): void {
    const { info, visit } = this.store.get();
    if (!info || !this.context) return;
    const page = pageOf(readTrail(this.context.trail))?.url ?? "";
    const product = productOf(this.context.data, page, readTags(this.context.html), info.language);
    const image = product?.image ?? "";
    const picture = image === this.pictureUrl ? (visit?.picture ?? null) : null;
    this.change({ visit: { ...visitOf(this.context, product, info.page_params ?? [], Date.now()), picture } });
    this.pictureUrl = image;
    if (image && !picture) void this.fetchPicture(image);
  }

  private async fetchPicture(image: string): Promise<void> {
    const answer = await this.bridge.picture(image);
    const picture = answer && (await usablePicture(answer));
    const { visit } = this.store.get();
    if (visit && image === this.pictureUrl) this.change({ visit: { ...visit, picture } });
  }

  /** Forgotten for the next page; on this one it is said, with a way to begin anew. */
  private onEnded(session: string): void {
    const { kept } = this.store.get();
    if (kept?.session !== session || kept.place !== "window") return;
    keep(null, this.around.storage);
    this.change({ ended: true });
  }

  private watchWindow(): void {
    const closed = this.callWindow?.closed === true;
    if (closed !== this.store.get().closed) this.change({ closed });
  }

  private keep(kept: Kept | null): void {
    keep(kept, this.around.storage);
    this.change({ kept });
  }

  private change(part: Partial<PanelState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }
}

const reasonOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "reason" in error && typeof error.reason === "string"
    ? error.reason
    : "internal";
