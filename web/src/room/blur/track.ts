/** Makes a camera track with a blurred background. The page loads this file and MediaPipe when it first has to blur a
 *  camera. */

import { version } from "@mediapipe/selfie_segmentation/package.json";
import type { FromBlurWorker, ToBlurWorker } from "./messages";
import { Pace } from "./pace";

/** The folder into which `web/build.mjs` puts MediaPipe's files. */
const FOLDER = `/assets/segmentation-${version}/`;
const FRAMES_A_SECOND = 24;
/** The first blurred frame must come within this many ms. Before this frame, the code must be loaded, perhaps over
 *  a slow connection. */
const PATIENCE_MS = 30_000;
/** If the camera gives no new frame for this long, ms, the camera counts as standing still, and the speed of the device is not
 *  judged. */
const STILL_MS = 1000;

export type BlurProblem = "slow" | "failed";

/** Blurred track → the camera's own track. */
const raws = new WeakMap<MediaStreamTrack, MediaStreamTrack>();

/** Returns the camera's own track behind a blurred track. Returns any other track unchanged. */
export const rawOf = (track: MediaStreamTrack): MediaStreamTrack => raws.get(track) ?? track;

/** Returns a track with the camera's picture and a blurred background. Resolves at the first blurred frame. The new track can
 *  replace the camera's own track: stopping the new track stops the camera, and if the camera's track ends or is muted, so is the
 *  new track. `onProblem` is called when the device turns out to be too slow, or when the blur fails. The new track then stays at
 *  its last frame. Rejects, and stops the camera, if the blur fails to start or no blurred frame comes within 30 s. */
export async function blurred(raw: MediaStreamTrack, onProblem: (problem: BlurProblem) => void): Promise<MediaStreamTrack> {
  const blur = new Blur(raw, onProblem);
  try {
    await blur.first;
  } catch (error) {
    blur.end();
    raw.stop();
    throw error;
  }
  return blur.track();
}

class Blur {
  private readonly worker = new Worker(new URL("./blur-worker.ts", import.meta.url));
  private readonly video = document.createElement("video");
  private readonly canvas = document.createElement("canvas");
  private pace: Pace | null = null;
  private asked = 0;
  private shownAt = -1;
  private changedAt = 0;
  private ended = false;
  readonly first: Promise<void>;
  private begun: () => void = () => undefined;
  private broken: (why: Error) => void = () => undefined;

  constructor(
    private readonly raw: MediaStreamTrack,
    private readonly onProblem: (problem: BlurProblem) => void,
  ) {
    this.first = new Promise((begun, broken) => {
      this.begun = begun;
      this.broken = broken;
    });
    setTimeout(() => this.broken(new Error("the blur takes too long to load")), PATIENCE_MS);
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.srcObject = new MediaStream([raw]);
    // if the video does not play, there are no frames, and `first` rejects after `PATIENCE_MS`
    this.video.play().catch(() => undefined);
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromBlurWorker>) => this.heard(data));
    this.worker.addEventListener("error", () => this.fail("the worker did not start"));
    raw.addEventListener("ended", () => this.end());
    this.ask({ folder: FOLDER });
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.worker.terminate();
    this.video.srcObject = null;
    this.broken(new Error("the blur has ended")); // rejects `first`, unless the first frame has come
  }

  track(): MediaStreamTrack {
    const [track] = this.canvas.captureStream(FRAMES_A_SECOND).getVideoTracks();
    if (!track) throw new Error("the canvas gives no track");
    const { raw } = this;
    raws.set(track, raw);
    const stop = track.stop.bind(track);
    track.stop = () => {
      stop();
      raw.stop();
      this.end();
    };
    const own = track.getSettings.bind(track);
    track.getSettings = () => ({ ...raw.getSettings(), ...own(), deviceId: raw.getSettings().deviceId ?? "" });
    Object.defineProperty(track, "muted", { get: () => raw.muted });
    for (const kind of ["mute", "unmute"]) raw.addEventListener(kind, () => track.dispatchEvent(new Event(kind)));
    raw.addEventListener("ended", () => {
      stop();
      track.dispatchEvent(new Event("ended"));
    });
    return track;
  }

  private ask(message: ToBlurWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private fail(why: string): void {
    if (this.ended) return;
    this.broken(new Error(why));
    if (this.pace) this.onProblem("failed");
    this.end();
  }

  private heard(message: FromBlurWorker): void {
    if (this.ended) return;
    if ("failed" in message) this.fail(message.failed);
    else if ("blurred" in message) this.show(message.blurred);
    else void this.grab();
  }

  /** Sends the worker the camera's present frame. If the camera has no new frame, tries again a little later. */
  private async grab(): Promise<void> {
    const { video } = this;
    const now = performance.now();
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.currentTime === this.shownAt || video.videoWidth === 0) {
      if (now - this.changedAt > STILL_MS) this.pace?.restart(now);
      this.ask({ wake: 1000 / FRAMES_A_SECOND / 2 });
      return;
    }
    this.shownAt = video.currentTime;
    this.changedAt = this.asked = now;
    try {
      const frame = await createImageBitmap(video);
      if (this.ended) frame.close();
      else this.ask({ frame }, [frame]);
    } catch {
      this.ask({ wake: 1000 / FRAMES_A_SECOND });
    }
  }

  private show(frame: ImageBitmap): void {
    const { canvas } = this;
    if (canvas.width !== frame.width || canvas.height !== frame.height)
      [canvas.width, canvas.height] = [frame.width, frame.height];
    canvas.getContext("2d")?.drawImage(frame, 0, 0);
    frame.close();
    const now = performance.now();
    this.pace ??= new Pace(now);
    this.begun();
    if (document.hidden) this.pace.restart(now); // browsers slow hidden pages down, so this frame says nothing about the device
    if (this.pace.frame(now)) {
      this.onProblem("slow");
      this.end();
      return;
    }
    this.ask({ wake: Math.max(0, 1000 / FRAMES_A_SECOND - (now - this.asked)) });
  }
}
