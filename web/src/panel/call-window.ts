/** The call window, for the panel that opens it. */

import { type Offering, offerHandoff } from "../room/handoff";

export class CallWindow {
  private window: Window | null = null;
  private offering: Offering | null = null;

  constructor(private readonly openWindow: (url: string, name: string) => Window | null) {}

  /** Whether the panel has opened the window and the window has been closed since. */
  get closed(): boolean {
    return this.window?.closed === true;
  }

  /** Opens the call window. Call this while a click is handled; otherwise browsers block the window. Returns the object that
   *  hands a session to the window; null if the browser blocks the window. `onTaken`: called once, when the window has taken the
   *  session over. */
  open(url: string, name: string, onTaken: () => void): Offering | null {
    this.offering?.stop();
    this.window = this.openWindow(url, name);
    this.offering = this.window && offerHandoff(this.window, onTaken);
    return this.offering;
  }

  /** Brings the window to the front. Returns false if the window is not open. */
  focus(): boolean {
    if (!this.window || this.window.closed) return false;
    this.window.focus();
    return true;
  }

  /** Stops offering a session to the call window. If the call window is open, it stays open. */
  forget(): void {
    this.offering?.stop();
    this.window = null;
  }

  close(): void {
    this.window?.close();
    this.forget();
  }
}
