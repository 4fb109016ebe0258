/** Decides from the frames of a blurred picture whether this device is fast enough. Pure: the caller gives the time, in ms. */

/** In the first ms after the blur has begun, no frames are counted. Frames are slow on every device then, because the browser is
 *  still compiling the code. */
const WARM_UP_MS = 2000;
const WINDOW_MS = 3000;
/** The lowest acceptable number of frames a second. At a lower rate, lips and voice no longer fit together, and the blur takes
 *  the processor time that the call needs. */
export const FEWEST_A_SECOND = 8;
/** After this many slow stretches of `WINDOW_MS` in a row, a device counts as too slow. A single slow stretch can have another
 *  cause, such as another program. */
const SLOW_WINDOWS = 2;

export class Pace {
  private windowBegan: number;
  private frames = 0;
  private slow = 0;
  /** Frames a second in the last complete stretch of `WINDOW_MS`; 0 until the first stretch is complete. */
  rate = 0;

  constructor(began: number) {
    this.windowBegan = began + WARM_UP_MS;
  }

  /** Counts a frame. Returns whether the device has turned out to be too slow. */
  frame(now: number): boolean {
    if (now < this.windowBegan) return false;
    this.frames += 1;
    const took = now - this.windowBegan;
    if (took < WINDOW_MS) return false;
    this.rate = (this.frames * 1000) / took;
    this.slow = this.rate < FEWEST_A_SECOND ? this.slow + 1 : 0;
    this.windowBegan = now;
    this.frames = 0;
    return this.slow >= SLOW_WINDOWS;
  }

  /** Begins to measure anew, for example after the page was hidden or the camera stood still. */
  restart(now: number): void {
    this.windowBegan = now;
    this.frames = 0;
    this.slow = 0;
  }
}
