/** The call window, as the panel that opens it sees it. */

import { type Offering, offerHandoff } from "../room/handoff";

export class CallWindow {
  private window: Window | null = null;
  private offering: Offering | null = null;

  constructor(private readonly openWindow: (url: string, name: string) => Window | null) {}

  /** Whether the window was opened and has been closed since. */
  get closed(): boolean {
    return this.window?.closed === true;
  }

  /** Opens the window; call this inside a click. Returns what hands it a session, or null if the browser blocks the window.
   *  `onTaken`: told once, when the window has the session. */
  open(url: string, name: string, onTaken: () => void): Offering | null {
    this.offering?.stop();
    this.window = this.openWindow(url, name);
    this.offering = this.window && offerHandoff(this.window, onTaken);
    return this.offering;
  }

  /** Brings the window to the front. Returns false if it is not open. */
  focus(): boolean {
    if (!this.window || this.window.closed) return false;
    this.window.focus();
    return true;
  }

  /** Offers the window nothing more, and leaves it as it is. */
  forget(): void {
    this.offering?.stop();
    this.window = null;
  }

  close(): void {
    this.window?.close();
    this.forget();
  }
}
