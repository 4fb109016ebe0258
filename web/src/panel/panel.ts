/** The panel's logic. The panel keeps the data of the visit, starts a session while the browser handles the visitor's click, and
 *  runs a text session itself. The panel hands a voice or video session to the call window. */

import type { StartFailure } from "../room/handoff";
import type { Channel } from "../messages";
import { Client, newId } from "../room/client";
import { awaitEnded, type Handoff, type Offering, offerHandoff } from "../room/handoff";
import { createStore, type Readable } from "../ui/store";
import type { CodeAnswer, Context } from "../widget/protocol";
import { type Made, type PanelInfo, panelInfo, Refusal, sendProductPicture, startSession, type WhenOpen } from "./api";
import type { CodeMaker, OnPage } from "./bridge";
import { CallWindow } from "./call-window";
import { missingIn } from "./form";
import { hintOf } from "./hints";
import { keep, type Kept, loadKept, type Purpose } from "./kept";
import { Patience } from "./patience";
import { productOf, readTags } from "./product";
import { INITIAL, type PanelState } from "./state";
import type { Surroundings } from "./surroundings";
import { isClosed, knownReason } from "./words";
import { productKey, Walking } from "./walking";
import { NONE, type Talk } from "../widget/talk";
import { readTrail } from "../widget/trail";
import { keepTyped, loadTyped } from "./typed";
import { type ItemKey, ITEMS, itemsOf, pageOf, supplementOf, usablePicture, visitOf } from "./visit";

const WATCH_MS = 1000;
const REGION = /^[a-z0-9-]{1,32}$/i;
const MUTED = "sangdam.muted";

export class Panel {
  private readonly store = createStore(INITIAL);
  private readonly bridge: ReturnType<Surroundings["bridge"]>;
  private readonly patience = new Patience((retryAt) => this.change({ retryAt }));
  private readonly walking = new Walking();
  private takingBack = false;
  /** Id of the conversation that began before this page was opened, or on another device; "" if there is none. */
  private resumed = "";
  private readonly callWindow: CallWindow;
  private pictureUrl = "";
  private context: Context | null = null;

  constructor(private readonly around: Surroundings) {
    this.callWindow = new CallWindow(around.openWindow);
    this.bridge = around.bridge({ onContext: (context) => this.onContext(context) });
    const kept = loadKept(around.storage);
    this.resumed = kept?.session ?? "";
    const { site, category } = around.query;
    const typed = loadTyped(around.storage, site, category);
    this.change({ kept, typed, muted: around.storage.getItem(MUTED) !== null });
    setInterval(() => this.watchWindow(), WATCH_MS);
    awaitEnded((session) => this.onEnded(session));
    around.whenBack(() => this.back());
  }

  get state(): Readable<PanelState> {
    return this.store;
  }

  /** Fetches what the panel offers. The server gets only site, category and language. Resumes the session that this panel has
   *  stored. */
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
    const now = { ...this.store.get().typed, ...typed };
    keepTyped(now, this.around.storage, this.around.query.site, this.around.query.category);
    this.change({ typed: now });
  }

  /** Starts a session after a press on Text, Voice or Video. Opens the call window before awaiting anything, because browsers
   *  allow a new window only within the click. */
  async begin(
    channel: Channel,
    purpose: Purpose = "talk",
    whenOpen: WhenOpen = purpose === "talk" ? "ask" : "begin",
  ): Promise<void> {
    const { info, starting } = this.store.get();
    if (!info || starting) return;
    if (purpose === "talk" && missingIn(info.form ?? [], this.store.get().typed.form).length > 0) {
      this.change({ refusal: "form_needed" });
      return;
    }
    const name = `sangdam-${newId()}`;
    const offering = channel === "text" ? null : this.openCall(name);
    this.change({ starting: channel, refusal: "", elsewhere: false });
    try {
      const made = await this.patience.run(() => this.makeSession(info, channel, purpose, whenOpen));
      if (!made) {
        this.callWindow.close();
        this.change({ starting: null, blocked: false });
        return;
      }
      const { visit, removed } = this.store.get();
      const place = channel === "text" ? "panel" : "window";
      const seen = visit && itemsOf(visit, removed).includes("product") ? productKey(visit) : "";
      const kept: Kept = { ...made, channel, place, window: name, purpose, withheld: [...removed], seen };
      this.walking.began(visit);
      this.keep(kept);
      // the widget then opens the panel on each next page, so that the panel can tell staff what the visitor sees there
      if (place === "window") this.status("", true);
      if (channel === "text") this.talk(kept, info.language);
      else offering?.give(this.handoff(kept));
    } catch (error) {
      const reason = reasonOf(error);
      offering?.give({ reason, message: error instanceof Error ? error.message : "" });
      const elsewhere = reason === "open_elsewhere";
      this.change({ refusal: elsewhere ? "" : reason, elsewhere, blocked: false });
      this.tellBuilders(reason);
    }
    this.change({ starting: null });
  }

  /** Opens (`past`) or closes the view of the visitor's earlier conversations. */
  showPast(past: boolean): void {
    this.change({ past });
  }

  /** Moves an open conversation to this panel, or to the call window that the panel opens. Until now, another page of the visitor
   *  has had this conversation. `make` gets the conversation from the server. The panel shares nothing about its own visit,
   *  because the visitor has already chosen on the other page what to share. Rejects with a `Refusal`. */
  async goOn(channel: Channel, make: () => Promise<Made>): Promise<void> {
    const { info } = this.store.get();
    const name = `sangdam-${newId()}`;
    const offering = channel === "text" ? null : this.openCall(name);
    try {
      const { session, token } = await make();
      const place = channel === "text" ? "panel" : "window";
      const kept: Kept = { session, token, channel, place, window: name, purpose: "talk", withheld: [...ITEMS], seen: "" };
      this.endTalk();
      this.resumed = session;
      this.keep(kept);
      this.change({ past: false, elsewhere: false, ended: false, away: false });
      if (place === "panel") this.talk(kept, info?.language ?? "");
      else offering?.give(this.handoff(kept));
      this.status("", true);
    } catch (error) {
      offering?.give({ reason: reasonOf(error), message: "" });
      throw error;
    }
  }

  /** Continues in this panel the visitor's open text conversation, even if the conversation is open on another page or device. */
  async goOnWithOpen(): Promise<void> {
    this.change({ starting: "text", refusal: "" });
    try {
      await (await import("./thread/moving")).moveOpen(this);
    } catch (error) {
      this.change({ refusal: reasonOf(error), elsewhere: false });
    }
    this.change({ starting: null });
  }

  /** Brings back to this panel a conversation that was continued on another page. If the conversation's token no longer works,
   *  the panel gets a new token in exchange for a new identification code of the partner. */
  takeBack(): void {
    this.takingBack = true;
    this.store.get().client?.open();
  }

  /** Returns an identification code, by which the partner's back end says who the visitor is. Rejects with a `Refusal`. */
  async code(): Promise<string> {
    const { site, category } = this.around.query;
    const language = this.store.get().info?.language ?? "";
    return codeIn(await this.bridge.code({ site, category, language, product: null, page_url: "" }, this.maker()));
  }

  /** Cancels the wait for the next try to start a session, when the server was full at the last try. */
  giveUp(): void {
    this.patience.giveUp();
  }

  /** Brings the call window of the live session to the front, or opens it again. */
  resume(): void {
    const { kept } = this.store.get();
    if (!kept) return;
    if (!this.callWindow.focus()) this.openCall(kept.window)?.give(this.handoff(kept));
  }

  /** Moves a text session to the call window, where the visitor adds voice or video. The window asks for microphone and camera
   *  first. */
  addVoice(channel: Channel = "voice"): void {
    const { kept } = this.store.get();
    if (!kept) return;
    const moved: Kept = { ...kept, channel, place: "window" };
    const taken = () => {
      this.endTalk();
      this.keep(moved);
      this.status("", true);
    };
    this.openCall(kept.window, taken)?.give(this.handoff(moved));
  }

  /** Continues the session as text in the panel, after the call window was closed. */
  talkHere(): void {
    const { kept, info } = this.store.get();
    if (!kept || !info) return;
    this.callWindow.forget();
    const here: Kept = { ...kept, place: "panel" };
    this.keep(here);
    this.change({ closed: false, blocked: false });
    this.talk(here, info.language);
  }

  /** After a conversation, deletes the question and the form's texts that the visitor typed before it, and shows again what the
   *  panel offers. */
  next(): void {
    this.type({ note: "", form: {} });
    this.anew();
  }

  /** Forgets the stored session, and shows again what the panel offers. */
  anew(): void {
    this.endTalk();
    this.callWindow.forget();
    this.walking.stop();
    this.keep(null);
    this.change({ refusal: "", blocked: false, closed: false, ended: false, away: false, removed: new Set() });
    this.status("", false);
    void this.start();
  }

  fold(): void {
    this.change({ folded: true, past: false });
    this.bridge.fold();
  }

  mute(muted: boolean): void {
    if (muted) this.around.storage.setItem(MUTED, "yes");
    else this.around.storage.removeItem(MUTED);
    this.change({ muted });
  }

  /** Makes the partner's page load the script that shows the page to staff; see `Bridge.showPage`. */
  showPage(onPage: OnPage | null): void {
    this.bridge.showPage(onPage);
  }

  /** Sets the text of the pill, which stands for the folded panel. Tells the partner's page how far the conversation has come
   *  (`stage`). `live`: whether the panel reopens by itself on the next page. `unread`: the number of lines that the visitor has
   *  not seen. */
  status(words: string, live: boolean, stage: Talk["stage"] = live ? "started" : "", unread = 0): void {
    const session = stage ? (this.store.get().kept?.session ?? "") : "";
    const resumed = session !== "" && session === this.resumed;
    this.bridge.status(words, live, session ? { session, stage, unread, resumed } : NONE);
  }

  private async makeSession(info: PanelInfo, channel: Channel, purpose: Purpose, whenOpen: WhenOpen): Promise<Made> {
    const { visit, removed, typed, partner } = this.store.get();
    const { site, category } = this.around.query;
    const shared = visit && supplementOf(visit, removed, typed);
    const about = { site, category, language: info.language };
    const code = await this.bridge.code(
      partner ? { ...about, product: shared?.product ?? null, page_url: shared?.page_url ?? "" } : about,
      this.maker(),
    );
    const nothing = { page_url: "", page_title: "", product: null, trail: [], user_name: typed.name, note: typed.note };
    const made = await startSession(codeIn(code), channel, info.language, shared ?? nothing, {
      when_open: whenOpen,
      purpose: purpose === "talk" ? "talk" : "later",
      form: typed.form,
      region: this.region(),
    });
    if (visit?.picture && itemsOf(visit, removed).includes("picture"))
      void sendProductPicture(made.session, made.token, visit.picture);
    return made;
  }

  /** Returns the source of the identification code: the partner's own back end, which can vouch for the visitor, or our
   *  server. */
  private maker(): CodeMaker {
    const { getCode, codeUrl } = this.context?.data ?? {};
    if (getCode === true) return { getCode };
    return { url: codeUrl ?? `${location.origin}/api/codes` };
  }

  /** Returns the region that the partner's page names (`data-region`); "" if the server would not accept it. */
  private region(): string {
    const { region } = this.context?.data ?? {};
    return typeof region === "string" && REGION.test(region) ? region.toLowerCase() : "";
  }

  private tellBuilders(reason: StartFailure): void {
    const hint = hintOf(reason, this.around.query);
    if (hint) this.around.hint(hint);
  }

  /** Reloads the stored session after the back/forward cache restored the page, because another page of the site can have changed
   *  the stored session meanwhile. */
  private back(): void {
    const { kept, client, info, ended } = this.store.get();
    const newest = loadKept(this.around.storage);
    if (newest?.session === kept?.session && newest?.place === kept?.place) {
      client?.open();
      return;
    }
    if (ended && !newest) return;
    this.endTalk();
    this.callWindow.forget();
    this.change({ kept: newest, refusal: "", blocked: false, closed: false, ended: false, away: false });
    this.resumed = newest?.session ?? "";
    this.status("", false, newest ? "started" : "");
    if (newest?.place === "panel" && info) this.talk(newest, info.language);
  }

  private handoff(kept: Kept): Handoff {
    return { session: kept.session, token: kept.token, channel: kept.channel, locale: this.store.get().info?.language };
  }

  /** Opens a small window of our own that asks for permission to show notifications of answers. */
  askForPush(): void {
    const { kept } = this.store.get();
    const window = kept && this.around.openWindow("/call?notify=1", `sangdam-notify-${kept.session}`);
    this.change({ blocked: kept !== null && !window });
    if (kept && window) offerHandoff(window, () => undefined).give(this.handoff(kept));
  }

  private openCall(name: string, onTaken: () => void = () => undefined): Offering | null {
    const { theme } = this.store.get();
    const offering = this.callWindow.open(theme ? `/call?theme=${theme}` : "/call", name, onTaken);
    this.change({ blocked: offering === null, closed: false });
    return offering;
  }

  private talk(kept: Kept, locale: string): void {
    const client = new Client({ token: kept.token, locale, storage: this.around.storage });
    client.onMessage((message) => {
      if (
        message.type === "session" &&
        message.session.id === kept.session &&
        message.session.state === "preparing" &&
        kept.purpose === "talk" &&
        !isClosed(message.session.opening)
      )
        client.connection.request({ type: "enter", session: kept.session, channel: "text" }).catch(() => undefined);
      if (message.type === "bye" && message.reason === "token") this.lost(kept);
      if (message.type === "welcome") this.takingBack = false;
    });
    client.open();
    this.change({ client });
  }

  /** Handles a session that its token can no longer open: it was erased, ended long ago, or continues on another page or
   *  device. */
  private lost({ session, channel }: Kept): void {
    if (!this.takingBack) return this.anew();
    this.takingBack = false;
    // without a partner that can vouch for the visitor, only a link can bring the conversation back
    if (!this.store.get().partner) return this.change({ away: true });
    void import("./thread/moving")
      .then(({ moveHere }) => moveHere(this, { id: session, channel }))
      .catch((error: unknown) => {
        if (error instanceof Refusal && error.reason === "over") this.anew();
        else this.change({ away: true });
      });
  }

  private endTalk(): void {
    this.store.get().client?.close();
    this.change({ client: null });
  }

  private onContext(context: Context): void {
    this.context = context;
    const { getCode, codeUrl, theme } = context.data;
    const partner = getCode === true || codeUrl !== undefined;
    this.change({ theme: theme === "light" || theme === "dark" ? theme : "" });
    const stays = this.store.get().folded || this.around.hidden();
    this.change({ partner, folded: context.pressed === "" || (!context.pressed && stays) });
    // The widget focuses this frame before the frame has loaded. Loading drops the focus, so the panel takes it again.
    if (context.pressed) this.around.focus();
    this.look();
  }

  /** Determines which page and product the visitor is looking at. Does nothing until two answers have come: the data of the page
   *  from the widget, and the panel's language and the allowed query parameters from the server. */
  private look(): void {
    const { info, visit } = this.store.get();
    if (!info || !this.context) return;
    const page = pageOf(readTrail(this.context.trail))?.url ?? "";
    const product = productOf(this.context.data, page, readTags(this.context.html), info.language);
    const image = product?.image ?? "";
    const picture = image === this.pictureUrl ? (visit?.picture ?? null) : null;
    this.change({ visit: { ...visitOf(this.context, product, info.page_params ?? [], Date.now()), picture } });
    this.pictureUrl = image;
    this.walk();
    if (image && !picture) void this.fetchPicture(image);
  }

  /** Tells staff which page the visitor is looking at, while the conversation lasts. */
  private walk(): void {
    const { kept, ended } = this.store.get();
    if (!kept || ended) return;
    const onTold = (seen: string) => {
      const now = this.store.get().kept;
      if (now?.session === kept.session) this.keep({ ...now, seen });
    };
    this.walking.follow(kept, () => this.store.get().visit, onTold);
  }

  private async fetchPicture(image: string): Promise<void> {
    const answer = await this.bridge.picture(image);
    const picture = answer && (await usablePicture(answer));
    const { visit } = this.store.get();
    if (visit && image === this.pictureUrl) this.change({ visit: { ...visit, picture } });
  }

  /** Deletes the stored session after it ended in the call window, so that the next page starts without it. This page says that
   *  the session has ended and offers a new session. */
  private onEnded(session: string): void {
    const { kept } = this.store.get();
    if (kept?.session !== session || kept.place !== "window") return;
    keep(null, this.around.storage);
    this.walking.stop();
    this.status("", false, "ended");
    this.change({ ended: true });
  }

  private watchWindow(): void {
    const { closed } = this.callWindow;
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

function codeIn({ code, reason, message, retry_s }: CodeAnswer): string {
  if (!code) throw new Refusal(knownReason(reason ?? "malformed"), message, retry_s);
  return code;
}

const reasonOf = (error: unknown): StartFailure => (error instanceof Refusal ? error.reason : "internal");
