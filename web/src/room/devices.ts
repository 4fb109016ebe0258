/** This person's microphone, camera and screen: acquires them, switches them on and off, and changes devices during a call. */

import { createStore, type Readable } from "../ui/store";
import type { BlurProblem } from "./blur/track";
import { camera as cameraOf, exactly, looksAway, microphone, otherCameras } from "./capture";
import { deviceLists, mediaDevices, presentSpeaker } from "./device-lists";
import { type DeviceState, initialState, type Source } from "./device-state";
import { watchSilence } from "./interruption";
import { keepDevice } from "./kept-devices";
import { problemOf, type Problem } from "./problems";

type Kind = "mic" | "camera";
type AnyKind = Kind | "screen";

/** The `mediaDevices` of a browser that has its own chooser for speakers, such as Firefox (W3C Audio Output Devices).
 *  TypeScript's lib.dom lacks this type. */
export type OutputPicker = MediaDevices & { selectAudioOutput: () => Promise<MediaDeviceInfo> };

const AGAIN_MS = 5000;
/** Problems with a device that only the person can solve. Asking the browser again does not help. */
const FOR_THE_PERSON: readonly Problem[] = ["blocked", "insecure"];

const constraints: Record<Kind, (device: string) => MediaTrackConstraints> = {
  mic: microphone,
  camera: (device) => cameraOf(exactly(device)),
};

export class Devices {
  private readonly store = createStore<DeviceState>(initialState());
  private readonly refreshList = () => {
    void this.list();
    this.recover();
  };
  /** Kind of device → the number of this page's newest request to the browser. A track from an older request is stopped. */
  private readonly turns: Record<AnyKind, number> = { mic: 0, camera: 0, screen: 0 };
  /** Kind of device → the number of the request to the browser that has not been answered yet. */
  private readonly pending = new Map<AnyKind, number>();
  /** Counts the calls of `stop`. If this number changes while a `start` runs, that `start` must not ask for further devices. */
  private round = 0;
  /** The camera's own track while the blurred track is being made from it; null otherwise. */
  private coming: MediaStreamTrack | null = null;
  private again: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** `muted`: whether the person has muted their microphone earlier in this session. */
  constructor(muted = false) {
    if (muted) this.change("mic", { wanted: false });
    mediaDevices()?.addEventListener("devicechange", this.refreshList);
    document.addEventListener("visibilitychange", this.recover);
  }

  get state(): Readable<DeviceState> {
    return this.store;
  }

  /** Asks for microphone and camera together, so that the browser asks the person once. If that fails, asks for each device
   *  alone. Keeps existing tracks. */
  async start({ mic, camera }: Record<Kind, boolean>): Promise<void> {
    if (camera) this.change("camera", { wanted: true });
    const round = this.round;
    const missing = (kind: Kind) => {
      const { track, wanted } = this.store.get()[kind];
      return round === this.round && !track && !this.pending.has(kind) && (kind === "mic" || wanted);
    };
    const kinds = (["mic", "camera"] as const).filter((kind) => ({ mic, camera })[kind] && missing(kind));
    try {
      if (kinds.length === 2 && (await this.acquireBoth())) return;
      for (const kind of kinds) if (missing(kind)) await this.acquire(kind);
    } finally {
      await this.list();
    }
  }

  /** Switches a device on or off. On: opens the device if it is not open. Off: a microphone is only muted, so that the person can
   *  quickly speak again; a camera is stopped, so that its light goes out. */
  async toggle(kind: Kind, on: boolean): Promise<void> {
    this.change(kind, { wanted: on });
    const { track } = this.store.get()[kind];
    if (kind === "mic" && track) {
      track.enabled = on;
      this.change("mic", { on });
    } else if (on) await this.start({ mic: kind === "mic", camera: kind === "camera" });
    else if (kind === "camera") this.release(kind);
  }

  /** Asks again for a device that failed. A muted person stays muted. */
  async retry(kind: Kind): Promise<void> {
    await this.start({ mic: kind === "mic", camera: kind === "camera" });
  }

  async choose(kind: Kind, device: string): Promise<void> {
    this.change(kind, { device });
    keepDevice(kind, device);
    if (kind === "camera" && !this.store.get().camera.wanted) return;
    this.release(kind);
    await this.acquire(kind);
  }

  /** Switches to another camera, on a phone from front to back. Returns false if that failed and the old camera is on again. The
   * next visit still starts with the camera that the person has chosen from the list. */
  async flip(): Promise<boolean> {
    const { camera, cameras } = this.store.get();
    if (!camera.track || this.pending.has("camera")) return true;
    const former = camera.track.getSettings();
    const turn = this.ask("camera");
    camera.track.stop(); // stop the present camera first: many phones open only one camera at a time
    try {
      for (const which of otherCameras(former, cameras)) if (await this.opened(which, turn)) return true;
      if (await this.opened(exactly(former.deviceId ?? ""), turn)) return false;
    } finally {
      this.answered("camera", turn);
    }
    this.release("camera");
    await this.acquire("camera"); // opens any camera; if none opens, the camera's `problem` says why
    return true;
  }

  /** Blurs the background of the camera's picture, or shows the background again. The camera stays on during the change. */
  async blur(on: boolean): Promise<void> {
    this.setBlur(on ? "on" : "");
    const { track } = this.store.get().camera;
    if (!track) return;
    const { rawOf } = await import("./blur/track");
    this.takeCamera(rawOf(track).clone(), ++this.turns.camera);
  }

  /** Makes the browser ask the person for a speaker, for browsers that offer only speakers which the person has picked. Call this
   *  inside a click. */
  async pickSpeaker(): Promise<void> {
    try {
      const { deviceId } = await (navigator.mediaDevices as OutputPicker).selectAudioOutput();
      await this.list();
      this.chooseSpeaker(deviceId);
    } catch {
      // The person has closed the browser's list without a choice. The speaker stays unchanged.
    }
  }

  chooseSpeaker(device: string): void {
    this.store.update((state) => ({ ...state, speaker: device }));
    keepDevice("speaker", device);
  }

  /** Shares the screen. Must be called inside a click. It is no error if the person cancels the browser's chooser. */
  async shareScreen(): Promise<void> {
    const turn = ++this.turns.screen;
    this.change("screen", { wanted: true });
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { max: 10 }, width: { max: 1920 } },
        audio: false,
      });
      const [track] = stream.getVideoTracks();
      if (track) track.contentHint = "detail";
      this.take("screen", track, turn);
    } catch (error) {
      const problem = problemOf(error);
      if (turn === this.turns.screen) this.change("screen", { wanted: false, problem: problem === "blocked" ? "" : problem });
    }
  }

  stopScreen(): void {
    this.change("screen", { wanted: false });
    this.release("screen");
  }

  /** Stops all devices, including those for which the browser's answer has not come yet. `start` can be called again later. */
  stop(): void {
    this.round += 1;
    clearTimeout(this.again);
    for (const kind of ["mic", "camera", "screen"] as const) this.release(kind);
  }

  close(): void {
    this.closed = true;
    mediaDevices()?.removeEventListener("devicechange", this.refreshList);
    document.removeEventListener("visibilitychange", this.recover);
    this.stop();
  }

  private async acquireBoth(): Promise<boolean> {
    const { mic, camera } = this.store.get();
    const [micTurn, cameraTurn] = [this.ask("mic"), this.ask("camera")];
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: constraints.mic(mic.device),
        video: constraints.camera(camera.device),
      });
      this.take("mic", stream.getAudioTracks()[0], micTurn);
      this.takeCamera(stream.getVideoTracks()[0], cameraTurn);
      return true;
    } catch {
      return false;
    } finally {
      this.answered("mic", micTurn);
      this.answered("camera", cameraTurn);
    }
  }

  private async acquire(kind: Kind): Promise<void> {
    const { device } = this.store.get()[kind];
    const turn = this.ask(kind);
    try {
      const wanted = constraints[kind](device);
      const stream = await navigator.mediaDevices.getUserMedia(kind === "mic" ? { audio: wanted } : { video: wanted });
      const [track] = stream.getTracks();
      if (kind === "camera") this.takeCamera(track, turn);
      else this.take(kind, track, turn);
    } catch (error) {
      if (turn !== this.turns[kind]) return;
      if (device && problemOf(error) === "missing") {
        this.change(kind, { device: "" }); // the chosen device was unplugged: fall back to the browser's choice
        await this.acquire(kind);
        return;
      }
      this.failed(kind, mediaDevices() ? problemOf(error) : "insecure");
    } finally {
      this.answered(kind, turn);
    }
  }

  private failed(kind: Kind, problem: Problem): void {
    const { cut } = this.store.get()[kind];
    // A browser can refuse every device while the page is hidden. The page then asks again later, whatever the `problem` is.
    const returns = cut && (document.hidden || !FOR_THE_PERSON.includes(problem));
    this.change(kind, { on: false, track: null, problem, cut: returns });
    clearTimeout(this.again);
    if (returns) this.again = setTimeout(this.recover, AGAIN_MS);
  }

  /** Asks the browser again for the microphone or camera that the system took away. */
  private readonly recover = (): void => {
    for (const kind of ["mic", "camera"] as const)
      if (this.store.get()[kind].cut && !this.pending.has(kind)) void this.acquire(kind);
  };

  private async opened(which: MediaTrackConstraints, turn: number): Promise<boolean> {
    if (turn !== this.turns.camera) return true; // the person has switched the camera off since this page asked for it
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: cameraOf(which) });
      const [track] = stream.getVideoTracks();
      this.takeCamera(track, turn);
      if (turn === this.turns.camera) this.change("camera", { device: track?.getSettings().deviceId ?? "" });
      return true;
    } catch {
      return false;
    }
  }

  private ask(kind: Kind): number {
    const turn = ++this.turns[kind];
    this.pending.set(kind, turn);
    this.store.update((state) => ({ ...state, asking: true }));
    return turn;
  }

  private answered(kind: Kind, turn: number): void {
    if (this.pending.get(kind) === turn) this.pending.delete(kind);
    this.store.update((state) => ({ ...state, asking: this.pending.size > 0 }));
  }

  /**
   * Stores a new track of a device. Stops the track instead if the devices were closed, if the device was asked for again or
   * released since, or if the person does not want the camera or screen any more. If the person is muted, mutes the track before listeners are called, so
   * that nothing is heard by mistake.
   */
  private take(kind: AnyKind, track: MediaStreamTrack | undefined, turn: number): void {
    if (!track) return;
    const { wanted, track: former } = this.store.get()[kind];
    if (this.closed || turn !== this.turns[kind] || (kind !== "mic" && !wanted)) {
      track.stop();
      return;
    }
    former?.stop();
    track.enabled = wanted;
    const current = () => this.store.get()[kind].track === track;
    track.addEventListener("ended", () => current() && this.ended(kind));
    this.change(kind, { on: wanted, track, silent: track.kind === "audio" && track.muted, cut: false, problem: "" });
    watchSilence(track, (silent) => current() && this.change(kind, { silent }));
  }

  /** Stores the camera's track. If the background is to be blurred, first waits for the blur, so that nobody sees the background
   *  without blur. A camera that looks away from the person is not blurred: it shows what the person wants to show. */
  private takeCamera(raw: MediaStreamTrack | undefined, turn: number): void {
    if (!raw || this.store.get().blur !== "on" || looksAway(raw)) {
      this.take("camera", raw, turn);
      return;
    }
    this.coming = raw;
    const failed = (problem: BlurProblem) => this.unblur(problem, turn);
    import("./blur/track")
      .then(({ blurred }) => blurred(raw, failed))
      .then((track) => this.take("camera", track, turn))
      .catch(() => {
        raw.stop();
        failed("failed");
      });
  }

  /** Ends the blur on a device that cannot blur. Also switches the camera off, because nobody is allowed to see the background
   *  unless the person wants that. */
  private unblur(problem: BlurProblem, turn: number): void {
    if (turn !== this.turns.camera) return;
    this.setBlur(problem);
    void this.toggle("camera", false);
    import("./blur/told").then(
      ({ tell }) => tell(problem),
      () => undefined,
    );
  }

  private setBlur(blur: DeviceState["blur"]): void {
    this.store.update((state) => ({ ...state, blur }));
    keepDevice("blur", blur === "on" ? blur : "");
  }

  /** Handles a track that ended. For example, its device was unplugged, a phone call or another program took the device, or the
   *  person pressed the browser's own button to stop. */
  private ended(kind: AnyKind): void {
    this.release(kind);
    this.change(kind, kind === "screen" ? { wanted: false } : { cut: true });
    this.recover();
  }

  private release(kind: AnyKind): void {
    this.turns[kind] += 1;
    this.pending.delete(kind);
    if (kind === "camera") this.coming?.stop();
    this.store.get()[kind].track?.stop();
    this.change(kind, { on: false, track: null, silent: false, cut: false });
  }

  private async list(): Promise<void> {
    const lists = await deviceLists();
    this.store.update((state) => ({ ...state, ...lists, speaker: presentSpeaker(state.speaker, lists.speakers) }));
  }

  private change(kind: AnyKind, part: Partial<Source>): void {
    this.store.update((state) => ({ ...state, [kind]: { ...state[kind], ...part } }));
  }
}
