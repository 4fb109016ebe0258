import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Devices } from "./devices";
import { backAgain, interrupted } from "./interruption";
import { keep, kept } from "./kept";

/** A media track with the parts that `Devices` uses. The track also records whether it was ever enabled, and so gave sound. */
class Track extends EventTarget {
  enabled = true;
  muted = false;
  readyState = "live";
  contentHint = "";
  constructor(
    readonly kind: "audio" | "video",
    private readonly settings: MediaTrackSettings = {},
  ) {
    super();
  }
  getSettings() {
    return this.settings;
  }
  stop() {
    this.readyState = "ended";
  }
  pullOut() {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
  hold(muted: boolean) {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

type Answer = { give: () => void; refuse: (name: string) => void; tracks: Track[] };
let asked: Answer[] = [];

/** Returns the settings that a phone's camera reports when it is opened with these constraints. */
function cameraSettings(video: MediaTrackConstraints | boolean | undefined): MediaTrackSettings {
  const { facingMode, deviceId } = (typeof video === "object" ? video : {}) as Record<string, { exact: string } | undefined>;
  const back = facingMode?.exact === "environment" || deviceId?.exact === "back";
  return { facingMode: back ? "environment" : "user", deviceId: back ? "back" : "front" };
}

function request(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const camera = () => new Track("video", cameraSettings(constraints.video));
  const tracks = [...(constraints.audio ? [new Track("audio")] : []), ...(constraints.video ? [camera()] : [])];
  return new Promise((resolve, reject) => {
    const stream = {
      getTracks: () => tracks,
      getAudioTracks: () => tracks.filter((one) => one.kind === "audio"),
      getVideoTracks: () => tracks.filter((one) => one.kind === "video"),
    };
    asked.push({
      tracks,
      give: () => resolve(stream as unknown as MediaStream),
      refuse: (name) => reject(Object.assign(new Error(name), { name })),
    });
  });
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

async function give(): Promise<Track[]> {
  const answer = asked.shift();
  if (!answer) throw new Error("nothing was asked for");
  answer.give();
  await settle();
  return answer.tracks;
}

/** Counts how often `Devices` told its listeners of a microphone track that gives sound although the person is muted. The count
 *  must stay 0. */
function leaks(devices: Devices): () => number {
  let heard = 0;
  devices.state.subscribe(() => {
    const { track } = devices.state.get().mic;
    if (track?.enabled) heard += 1;
  });
  return () => heard;
}

/** The calls of the fake blur, one for each camera track. The test ends a call with `done` or `fail`. */
const blurs: { raw: Track; done: (track: Track) => void; fail: () => void; slow: () => void }[] = [];
vi.mock("./blur/told", () => ({ tell: () => undefined }));
vi.mock("./blur/track", () => ({
  rawOf: (track: unknown) => track,
  blurred: (raw: Track, onProblem: (problem: string) => void) =>
    new Promise((done, failed) => blurs.push({ raw, done, fail: () => failed(new Error("no")), slow: () => onProblem("slow") })),
}));
/** Waits for the modules that `Devices` imports when they are needed. */
const loaded = () => new Promise((done) => setTimeout(done, 20));

let page: EventTarget & { hidden: boolean };

beforeEach(() => {
  asked = [];
  page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("document", page);
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal("navigator", {
    mediaDevices: Object.assign(new EventTarget(), {
      getUserMedia: request,
      getDisplayMedia: () => request({ video: true }),
      enumerateDevices: () => Promise.resolve([]),
    }),
  });
});
afterEach(() => void vi.unstubAllGlobals());

async function inCall(muted: boolean): Promise<Devices> {
  const devices = new Devices();
  void devices.start({ mic: true, camera: false });
  await give();
  if (muted) await devices.toggle("mic", false);
  return devices;
}

describe("the muted stay muted", () => {
  it("when the microphone is pulled out and another is taken", async () => {
    const devices = await inCall(true);
    const heard = leaks(devices);
    (devices.state.get().mic.track as unknown as Track).pullOut();
    expect(devices.state.get().mic).toMatchObject({ on: false, track: null });
    const [next] = await give();
    expect(next?.enabled).toBe(false);
    expect(devices.state.get().mic).toMatchObject({ on: false, wanted: false });
    expect(heard()).toBe(0);
  });

  it("when another device is chosen, and when it is missing and any other is taken", async () => {
    const devices = await inCall(true);
    const heard = leaks(devices);
    void devices.choose("mic", "usb");
    asked.shift()?.refuse("NotFoundError");
    await settle();
    await give();
    expect(devices.state.get().mic).toMatchObject({ on: false, device: "" });
    expect(heard()).toBe(0);
  });

  it("when the permission comes after the press on mute", async () => {
    const devices = new Devices();
    const heard = leaks(devices);
    void devices.start({ mic: true, camera: true });
    void devices.toggle("mic", false);
    await give();
    expect(devices.state.get().mic).toMatchObject({ on: false, wanted: false });
    expect(devices.state.get().camera.on).toBe(true);
    expect(heard()).toBe(0);
  });

  it("when what failed is tried again", async () => {
    const devices = await inCall(true);
    (devices.state.get().mic.track as unknown as Track).pullOut();
    asked.shift()?.refuse("NotReadableError");
    await settle();
    expect(devices.state.get().mic.problem).toBe("busy");
    void devices.retry("mic");
    await give();
    expect(devices.state.get().mic).toMatchObject({ on: false, problem: "" });
  });

  it("when the page comes back, however long the camera takes", async () => {
    const devices = new Devices(true);
    const heard = leaks(devices);
    void devices.start({ mic: true, camera: true });
    asked.shift()?.refuse("AbortError"); // the request for both devices fails, so each device is asked for alone
    await settle();
    await give();
    expect(devices.state.get().mic).toMatchObject({ on: false });
    expect(devices.state.get().asking).toBe(true);
    await give();
    expect(heard()).toBe(0);
    await devices.toggle("mic", true);
    expect(devices.state.get().mic.on).toBe(true);
  });

  it("when it is started a second time", async () => {
    const devices = await inCall(true);
    await devices.start({ mic: true, camera: false });
    expect(asked).toEqual([]);
    expect(devices.state.get().mic.on).toBe(false);
  });
});

describe("what is let go of", () => {
  it("is stopped when the browser gives it later", async () => {
    const devices = new Devices();
    void devices.start({ mic: true, camera: true });
    devices.stop();
    const tracks = await give();
    expect(tracks.map((track) => track.readyState)).toEqual(["ended", "ended"]);
    expect(devices.state.get().mic.track).toBeNull();
    expect(asked).toEqual([]);
  });

  it("is the camera that was switched off before it came, and the screen of a call that is over", async () => {
    const devices = new Devices();
    void devices.start({ mic: false, camera: true });
    void devices.toggle("camera", false);
    const [camera] = await give();
    void devices.shareScreen();
    devices.stop();
    const [screen] = await give();
    expect([camera?.readyState, screen?.readyState]).toEqual(["ended", "ended"]);
    expect(devices.state.get().screen.on).toBe(false);
  });

  it("is the older of two devices, whichever comes first", async () => {
    const devices = await inCall(false);
    void devices.choose("mic", "one");
    void devices.choose("mic", "two");
    const [one, two] = asked;
    two?.give();
    one?.give();
    await settle();
    expect(one?.tracks[0]?.readyState).toBe("ended");
    expect(devices.state.get().mic.track).toBe(two?.tracks[0]);
  });
});

describe("the other camera", () => {
  async function onCamera(): Promise<Devices> {
    const devices = new Devices();
    void devices.start({ mic: false, camera: true });
    await give();
    return devices;
  }
  const side = (devices: Devices) => devices.state.get().camera.track?.getSettings().facingMode;

  it("replaces the first, and back again, while the camera stays on for the others", async () => {
    const devices = await onCamera();
    const front = devices.state.get().camera.track;
    for (const now of ["environment", "user"]) {
      const flipped = devices.flip();
      expect(devices.state.get().camera.on).toBe(true);
      await give();
      expect(await flipped).toBe(true);
      expect(side(devices)).toBe(now);
    }
    expect(front?.readyState).toBe("ended");
  });

  it("is given up if it does not start, and the first camera goes on", async () => {
    const devices = await onCamera();
    const flipped = devices.flip();
    asked.shift()?.refuse("NotReadableError");
    await settle();
    await give();
    expect(await flipped).toBe(false);
    expect(side(devices)).toBe("user");
    expect(devices.state.get().camera).toMatchObject({ on: true, problem: "" });
  });

  it("is stopped if the camera was switched off meanwhile", async () => {
    const devices = await onCamera();
    const flipped = devices.flip();
    void devices.toggle("camera", false);
    const [back] = await give();
    expect(await flipped).toBe(true);
    expect(back?.readyState).toBe("ended");
    expect(devices.state.get().camera).toMatchObject({ on: false, track: null });
  });

  it("leaves a problem if no camera starts any more", async () => {
    const devices = await onCamera();
    const flipped = devices.flip();
    for (let n = 0; n < 3; n++) {
      asked.shift()?.refuse("NotReadableError");
      await settle();
    }
    expect(await flipped).toBe(true);
    expect(devices.state.get().camera).toMatchObject({ on: false, problem: "busy" });
  });
});

describe("an interruption", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const trackOf = (devices: Devices, kind: "mic" | "camera") => devices.state.get()[kind].track as unknown as Track;

  async function onVideo(): Promise<Devices> {
    const devices = new Devices();
    void devices.start({ mic: true, camera: true });
    await give();
    return devices;
  }

  it("is said while the system holds the microphone, and over when it gives the microphone back", async () => {
    const devices = await onVideo();
    trackOf(devices, "mic").hold(true);
    expect(interrupted(devices.state.get())).toBe("mic");
    trackOf(devices, "mic").hold(false);
    expect(interrupted(devices.state.get())).toBe("");
    expect(backAgain("mic", devices.state.get())).toBe("mic");
  });

  it("is nothing that a muted person needs to know", async () => {
    const devices = await inCall(true);
    trackOf(devices, "mic").hold(true);
    expect(interrupted(devices.state.get())).toBe("");
    trackOf(devices, "mic").pullOut();
    expect(interrupted(devices.state.get())).toBe("");
  });

  it("of the camera is no short pause", async () => {
    const devices = await onVideo();
    const track = trackOf(devices, "camera");
    track.hold(true);
    vi.advanceTimersByTime(1500);
    track.hold(false);
    vi.advanceTimersByTime(1500);
    expect(interrupted(devices.state.get())).toBe("");
    track.hold(true);
    vi.advanceTimersByTime(2500);
    expect(interrupted(devices.state.get())).toBe("camera");
    await devices.toggle("camera", false);
    expect(interrupted(devices.state.get())).toBe("");
    expect(backAgain("camera", devices.state.get())).toBe("");
  });

  it("that ended the tracks lasts until the page is seen again", async () => {
    const devices = await onVideo();
    page.hidden = true;
    for (const kind of ["mic", "camera"] as const) {
      trackOf(devices, kind).pullOut();
      for (const answer of asked.splice(0)) answer.refuse("NotAllowedError");
      await settle();
    }
    expect(interrupted(devices.state.get())).toBe("both");
    page.hidden = false;
    page.dispatchEvent(new Event("visibilitychange"));
    await give();
    expect(interrupted(devices.state.get())).toBe("camera");
    expect(backAgain("both", devices.state.get())).toBe("mic");
    await give();
    expect(interrupted(devices.state.get())).toBe("");
  });

  it("by another program is over within seconds after that program ends", async () => {
    const devices = await onVideo();
    trackOf(devices, "mic").pullOut();
    for (let n = 0; n < 3; n++) {
      asked.shift()?.refuse("NotReadableError");
      await settle();
      expect(interrupted(devices.state.get())).toBe("mic");
      vi.advanceTimersByTime(5000);
    }
    await give();
    expect(devices.state.get().mic).toMatchObject({ on: true, cut: false, problem: "" });
  });

  it("asks for nothing more once the person must allow the device, or the call is over", async () => {
    const devices = await onVideo();
    trackOf(devices, "mic").pullOut();
    asked.shift()?.refuse("NotAllowedError");
    await settle();
    expect(devices.state.get().mic).toMatchObject({ cut: false, problem: "blocked" });
    trackOf(devices, "camera").pullOut();
    asked.shift()?.refuse("NotReadableError");
    await settle();
    devices.stop();
    vi.advanceTimersByTime(60_000);
    page.dispatchEvent(new Event("visibilitychange"));
    expect(asked).toEqual([]);
    expect(interrupted(devices.state.get())).toBe("");
  });
});

it("returns to the browser's own speaker when the chosen one is unplugged", async () => {
  const speaker = { kind: "audiooutput", deviceId: "headset", label: "Headset" };
  const plugged = [speaker, { ...speaker, deviceId: "default", label: "Default" }];
  navigator.mediaDevices.enumerateDevices = () => Promise.resolve(plugged as MediaDeviceInfo[]);
  const devices = await inCall(false);
  devices.chooseSpeaker("headset");
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  await settle();
  expect(devices.state.get().speaker).toBe("headset");
  plugged.shift();
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  await settle();
  expect(devices.state.get().speaker).toBe("");
});

it("keeps the choices of twenty sessions", () => {
  const storage = new Map<string, string>();
  const store = {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
  };
  for (let n = 0; n < 25; n++) keep({ session: `s${n}`, mic: n !== 24, camera: false }, store);
  expect(kept("s24", store)).toEqual({ session: "s24", mic: false, camera: false });
  expect(kept("s5", store)?.mic).toBe(true);
  expect(kept("s4", store)).toBeNull();
  storage.set("sangdam.entered", "{broken");
  expect(kept("s24", store)).toBeNull();
});

describe("a camera with a blurred background", () => {
  async function withBlur(): Promise<Devices> {
    blurs.length = 0;
    const devices = new Devices();
    await devices.blur(true);
    void devices.start({ mic: true, camera: true });
    await give();
    await loaded();
    return devices;
  }

  it("is seen by nobody before it is blurred", async () => {
    const devices = await withBlur();
    expect(devices.state.get()).toMatchObject({ mic: { on: true }, camera: { on: false, track: null } });
    const track = new Track("video");
    blurs[0]!.done(track);
    await loaded();
    expect(devices.state.get().camera.track).toBe(track);
  });

  it("goes off, and not to the plain picture, when the device is too slow or the blur fails", async () => {
    for (const end of ["slow", "fail"] as const) {
      const devices = await withBlur();
      if (end === "slow") {
        blurs[0]!.done(new Track("video"));
        await loaded();
      }
      blurs[0]![end]();
      await loaded();
      const { camera, blur } = devices.state.get();
      expect([camera.on, camera.wanted, camera.track, blur]).toEqual([false, false, null, end === "slow" ? "slow" : "failed"]);
    }
  });

  it("stays sharp while it looks away from the person", async () => {
    const devices = await withBlur();
    blurs[0]!.done(new Track("video", { facingMode: "user" }));
    await loaded();
    void devices.flip();
    const [back] = await give();
    await loaded();
    expect(devices.state.get()).toMatchObject({ blur: "on", camera: { on: true } });
    expect(devices.state.get().camera.track).toBe(back);
  });

  it("switched off while the blur loads releases the camera at once", async () => {
    const devices = await withBlur();
    await devices.toggle("camera", false);
    expect(blurs[0]!.raw.readyState).toBe("ended");
    const late = new Track("video");
    blurs[0]!.done(late);
    await loaded();
    expect([late.readyState, devices.state.get().camera.track]).toEqual(["ended", null]);
  });
});
