/** This person's microphone, camera and screen: asked for kindly, switched on and off, changed while in use. */

import { createStore, type Readable } from "../ui/store";
import { problemOf, type Problem } from "./problems";

export interface DeviceChoice {
  value: string;
  label: string;
}

export interface Source {
  /** What the person wants: heard, seen, shown. */
  on: boolean;
  track: MediaStreamTrack | null;
  problem: Problem;
  /** The chosen device; "" for the browser's own choice. */
  device: string;
}

export interface DeviceState {
  mic: Source;
  camera: Source;
  screen: Source;
  speaker: string;
  mics: DeviceChoice[];
  cameras: DeviceChoice[];
  speakers: DeviceChoice[];
  /** The browser is asking for permission now. */
  asking: boolean;
}

type Kind = "mic" | "camera";

const OFF: Source = { on: false, track: null, problem: "", device: "" };
const CHOICES = "sangdam.devices";

/** 640 × 360 is what a face on a stage needs; echo and noise are taken out where they arise. */
const constraints: Record<Kind, (device: string) => MediaTrackConstraints> = {
  mic: (device) => ({
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: 1,
    ...exactly(device),
  }),
  camera: (device) => ({ width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 30 }, ...exactly(device) }),
};

/** Absent where the page is no secure context; then every request says so. */
const mediaDevices = () => navigator.mediaDevices as MediaDevices | undefined;

const exactly = (device: string): MediaTrackConstraints => (device ? { deviceId: { exact: device } } : {});

export class Devices {
  private readonly store = createStore<DeviceState>({
    mic: OFF,
    camera: OFF,
    screen: OFF,
    speaker: "",
    mics: [],
    cameras: [],
    speakers: [],
    asking: false,
    ...rememberedChoices(),
  });
  private readonly refreshList = () => void this.list();
  private closed = false;

  constructor() {
    mediaDevices()?.addEventListener("devicechange", this.refreshList);
  }

  get state(): Readable<DeviceState> {
    return this.store;
  }

  /** Asks for both at once (one question for the person), and for each alone when that fails. */
  async start(want: { mic: boolean; camera: boolean }): Promise<void> {
    const kinds = (["mic", "camera"] as const).filter((kind) => want[kind]);
    this.store.update((state) => ({ ...state, asking: kinds.length > 0 }));
    try {
      if (kinds.length === 2 && (await this.acquireBoth())) return;
      for (const kind of kinds) await this.acquire(kind);
    } finally {
      this.store.update((state) => ({ ...state, asking: false }));
      await this.list();
    }
  }

  /** On: acquires it if need be. Off: the microphone is only muted (quick to come back); the camera's light goes out. */
  async toggle(kind: Kind, on: boolean): Promise<void> {
    const { track } = this.store.get()[kind];
    if (kind === "mic" && track) {
      track.enabled = on;
      this.change("mic", { on });
    } else if (on) await this.start({ mic: kind === "mic", camera: kind === "camera" });
    else this.release(kind);
  }

  async choose(kind: Kind, device: string): Promise<void> {
    const { on } = this.store.get()[kind];
    this.change(kind, { device });
    rememberChoices(this.store.get());
    if (!on && kind === "camera") return;
    this.release(kind);
    await this.acquire(kind);
    if (kind === "mic" && !on) await this.toggle("mic", false);
  }

  chooseSpeaker(device: string): void {
    this.store.update((state) => ({ ...state, speaker: device }));
    rememberChoices(this.store.get());
  }

  /** Must run inside a click. Choosing nothing is no problem. */
  async shareScreen(): Promise<void> {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { max: 10 }, width: { max: 1920 } },
        audio: false,
      });
      const [track] = stream.getVideoTracks();
      if (!track) return;
      track.contentHint = "detail";
      track.addEventListener("ended", () => this.stopScreen());
      this.change("screen", { on: true, track, problem: "" });
    } catch (error) {
      const problem = problemOf(error);
      this.change("screen", { problem: problem === "blocked" ? "" : problem });
    }
  }

  stopScreen(): void {
    this.release("screen");
  }

  /** Lets go of everything; `start` may follow. */
  stop(): void {
    for (const kind of ["mic", "camera", "screen"] as const) this.release(kind);
  }

  close(): void {
    this.closed = true;
    mediaDevices()?.removeEventListener("devicechange", this.refreshList);
    this.stop();
  }

  private async acquireBoth(): Promise<boolean> {
    const { mic, camera } = this.store.get();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: constraints.mic(mic.device),
        video: constraints.camera(camera.device),
      });
      this.take("mic", stream.getAudioTracks()[0]);
      this.take("camera", stream.getVideoTracks()[0]);
      return true;
    } catch {
      return false;
    }
  }

  private async acquire(kind: Kind): Promise<void> {
    const { device } = this.store.get()[kind];
    try {
      const wanted = constraints[kind](device);
      const stream = await navigator.mediaDevices.getUserMedia(kind === "mic" ? { audio: wanted } : { video: wanted });
      this.take(kind, stream.getTracks()[0]);
    } catch (error) {
      if (device && problemOf(error) === "missing") {
        this.change(kind, { device: "" }); // the chosen device was unplugged: any other will do
        await this.acquire(kind);
        return;
      }
      this.change(kind, { on: false, track: null, problem: mediaDevices() ? problemOf(error) : "insecure" });
    }
  }

  private take(kind: Kind, track: MediaStreamTrack | undefined): void {
    if (!track || this.closed) {
      track?.stop();
      return;
    }
    this.store.get()[kind].track?.stop();
    track.addEventListener("ended", () => {
      if (this.store.get()[kind].track === track) void this.acquire(kind);
    });
    this.change(kind, { on: true, track, problem: "" });
  }

  private release(kind: "mic" | "camera" | "screen"): void {
    this.store.get()[kind].track?.stop();
    this.change(kind, { on: false, track: null });
  }

  /** Labels are known only once permission was given. */
  private async list(): Promise<void> {
    const found = (await mediaDevices()?.enumerateDevices()) ?? [];
    const of = (kind: MediaDeviceKind) =>
      found
        .filter((device) => device.kind === kind && device.deviceId !== "" && device.label !== "")
        .map((device) => ({ value: device.deviceId, label: device.label }));
    this.store.update((state) => ({ ...state, mics: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") }));
  }

  private change(kind: "mic" | "camera" | "screen", part: Partial<Source>): void {
    this.store.update((state) => ({ ...state, [kind]: { ...state[kind], ...part } }));
  }
}

function rememberChoices({ mic, camera, speaker }: DeviceState): void {
  try {
    localStorage.setItem(CHOICES, JSON.stringify([mic.device, camera.device, speaker]));
  } catch {
    // Without storage the next visit starts with the browser's own choice.
  }
}

function rememberedChoices(): Partial<DeviceState> {
  try {
    const [mic, camera, speaker] = JSON.parse(localStorage.getItem(CHOICES) ?? "[]") as unknown[];
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    return { mic: { ...OFF, device: text(mic) }, camera: { ...OFF, device: text(camera) }, speaker: text(speaker) };
  } catch {
    return {};
  }
}
