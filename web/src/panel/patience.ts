/** Repeats a request for a session while the server is full and refuses another session. */

import { retryOf } from "./api";

const MOST_TRIES = 8;

export class Patience {
  private stop: () => void = () => undefined;

  /** `onWait`: called with the time of the next try (this browser's clock, ms), and with 0 when the wait is over. */
  constructor(private readonly onWait: (retryAt: number) => void) {}

  /** Runs `attempt`. If the server is full, waits as long as the server says and tries again, up to eight times. Returns null if
   *  the visitor cancels. */
  async run<T>(attempt: () => Promise<T>): Promise<T | null> {
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

  /** Cancels the wait for the next try: `run` then returns null. */
  giveUp(): void {
    this.stop();
  }

  private async waits(seconds: number): Promise<boolean> {
    const wait_ms = seconds * 1000;
    this.onWait(Date.now() + wait_ms);
    const patient = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), wait_ms);
      this.stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.stop = () => undefined;
    this.onWait(0);
    return patient;
  }
}
