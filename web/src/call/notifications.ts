/** Starts the call page after a press on a notification, or as the window that asks for permission to show notifications. */

import { awaitHandoff, type Handoff, type Mailbox } from "../room/handoff";
import { setLocale } from "../ui/i18n";
import type { Start } from "./app";
import { takeInvite } from "./invite";
import { openPushed } from "./pushed";

/** `opener`: the panel that opened the window to ask for permission to show notifications; null after a press on a
 *  notification. */
export function start(opener: Mailbox | null, show: (start: Start) => void, begin: (handoff: Handoff) => void): void {
  const pushed = takeInvite(location, history, "#push=");
  if (pushed) {
    openPushed(pushed).then(
      (handoff) => (handoff ? begin(handoff) : show({ kind: "over" })),
      () => show({ kind: "error", error: { reason: "network", message: "" } }),
    );
  } else if (opener) {
    awaitHandoff(opener, {
      onHandoff: (handoff) => {
        if (handoff.locale) void setLocale(handoff.locale);
        show({ kind: "notify", handoff });
      },
      onError: (error) => show({ kind: "error", error }),
    });
  }
}
