/** The logic of the call window: session, connection, devices and room in one object. This object has no texts and no elements of
 *  the page. */

import type { Channel, SessionView } from "../messages";
import { Client } from "../room/client";
import { Devices } from "../room/devices";
import { type Handoff, keepHandoff, type Mailbox, tellEnded } from "../room/handoff";
import { keep, kept } from "../room/kept";
import { Pictures } from "../room/pictures";
import { RoomLink } from "../room/room-link";
import { locale, setLocale } from "../ui/i18n";
import { applyAccent } from "../ui/accent";
import { createStore, type Readable } from "../ui/store";
import { isCalled, isOver, screenOf, type Local } from "./screen";

export class Call {
  readonly client: Client;
  readonly devices: Devices;
  readonly pictures: Pictures;
  readonly room: RoomLink;
  private readonly localStore;
  private readonly restingStore = createStore(false);
  private started = false;
  private toldEnded = false;
  /** True from the moment at which the visitor asks to go on in this tab, because another page has taken the session over, until
   *  the server lets this tab in again. */
  tookBack = false;

  /** `opener`: the panel that opened this window, if it still exists. */
  constructor(
    readonly handoff: Handoff,
    private readonly opener: Mailbox | null = null,
  ) {
    if (handoff.locale) void setLocale(handoff.locale);
    this.client = new Client({ token: handoff.token, locale: locale() });
    this.devices = new Devices(kept(handoff.session)?.mic === false);
    this.pictures = new Pictures(handoff.token);
    this.localStore = createStore<Local>({ channel: handoff.channel, entered: kept(handoff.session) !== null });
    this.room = new RoomLink(this.client, handoff.session, this.devices);
    this.client.state.subscribe(() => this.follow());
    this.client.onMessage(({ type }) => {
      if (type === "welcome") this.tookBack = false; // this tab has the session again
    });
    this.devices.state.subscribe(() => this.keep());
    this.client.open();
  }

  get session(): string {
    return this.handoff.session;
  }

  get local(): Readable<Local> {
    return this.localStore;
  }

  /** Whether microphone and camera stay off until the visitor presses a button. The two devices stay off while a callback is
   *  booked or the topic is closed, because perhaps nobody is in front of the page then. */
  get resting(): Readable<boolean> {
    return this.restingStore;
  }

  view(): SessionView | undefined {
    return this.room.view();
  }

  /** Leaves the *prepare* screen: asks for a counselor, joins the counselor who calls back, adds voice or video to a text
   *  session, or lets a guest in. Rejects with a RequestError. `record`: whether a guest agrees to a recording that is on. */
  async enter(name: string, record?: boolean): Promise<void> {
    const { session, channel, part } = this.handoff;
    if (this.restingStore.get()) await this.wake();
    const view = this.view();
    const preparing = view !== undefined && (view.state === "preparing" || isCalled(view));
    await this.client.connection.request(
      part
        ? { type: "enter_guest", session, name, record }
        : preparing
          ? { type: "enter", session, channel, name }
          : { type: "channel", session, channel },
    );
    this.localStore.update((local) => ({ ...local, entered: true }));
    this.keep();
  }

  /** Ends the call, and continues as a text conversation with the same counselor. Rejects with a RequestError. */
  async goOnAsText(): Promise<void> {
    await this.client.connection.request({ type: "channel", session: this.session, channel: "text" });
    this.become("text");
    this.releaseDevices();
  }

  /** Shows the screen *prepare*, in which the visitor tests the devices. `enter` then adds voice to the text session. */
  addVoice(): void {
    this.started = false;
    this.become("voice");
    this.localStore.update((local) => ({ ...local, entered: false }));
    this.follow();
  }

  /** Changes this page's channel (text, voice or video), and stores it in this tab, so that a reload keeps it. */
  private become(channel: Channel): void {
    this.handoff.channel = channel;
    keepHandoff(this.handoff);
    this.localStore.update((local) => ({ ...local, channel }));
  }

  /** Turns on microphone and camera, which were off while `resting` was set. Never rejects: errors are in the devices' state. */
  async wake(): Promise<void> {
    this.restingStore.set(false);
    await this.startDevices();
  }

  /** Turns microphone and camera on, so that the visitor can test them before an appointment. */
  async tryDevices(): Promise<void> {
    await this.devices.start({ mic: true, camera: this.handoff.channel === "video" });
  }

  /** Turns microphone and camera off when the visitor has tested them, unless the appointment has begun and uses them. */
  stopTrying(): void {
    if (!this.started) this.devices.stop();
  }

  /** Continues the session in this tab, after another tab had taken it over. */
  useHere(): void {
    this.tookBack = true;
    this.client.open();
  }

  /** Turns microphone and camera on when a screen needs them: on *prepare*, or at once when the page returns to a running
   *  session. Turns microphone and camera off when no screen needs them. */
  private follow(): void {
    const view = this.view();
    const screen = screenOf(this.client.state.get(), this.session, this.localStore.get());
    if (view) applyAccent(view.site.accent);
    // an appointment uses the channel that was booked, whatever the visitor chose in the call window before
    if (view?.callback?.minutes && !view.callback.came) this.handoff.channel = view.channel;
    // The page can show `expired` after the visitor has asked to go on in this tab (`tookBack`). Then the session goes on in
    // another browser, so the panel is not told that the session is over.
    if (isOver(screen) && !(screen === "expired" && this.tookBack)) this.tellOpener();
    if (screen === "callback" || screen === "closed") this.restingStore.set(true);
    if (screen === "replaced" || screen === "closed" || screen === "callback" || isOver(screen)) {
      if (this.started) this.releaseDevices();
    } else if (!this.started && !this.restingStore.get() && (screen === "prepare" || screen === "waiting" || screen === "room"))
      void this.startDevices();
  }

  /** Tells the panel that this session is over, so that the panel no longer offers to return to it. */
  private tellOpener(): void {
    if (!this.opener || this.toldEnded) return;
    this.toldEnded = true;
    tellEnded(this.opener, this.session);
  }

  private async startDevices(): Promise<void> {
    this.started = true;
    if (this.handoff.channel === "text") return;
    const before = kept(this.session);
    await this.devices.start({ mic: true, camera: before?.camera ?? this.handoff.channel === "video" });
  }

  private releaseDevices(): void {
    this.started = false;
    this.devices.stop();
  }

  private keep(): void {
    const { mic, camera } = this.devices.state.get();
    if (this.localStore.get().entered && this.started) keep({ session: this.session, mic: mic.wanted, camera: camera.wanted });
  }
}
