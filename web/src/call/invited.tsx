import type { InviteReason } from "../messages";
import { PhoneIncoming, UserPlus } from "lucide";
import { useState } from "preact/hooks";
import { Failure } from "../ui/failure";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { InviteRefused } from "./invite";
import { isRareKey, t, type RareKey } from "./rare/words";

/** The page behind the link of a callback or of a guest. The link works once. Only a press on the page's button uses it up, so
 *  a program that previews links does not. */
export function Invited({ guest, onEnter }: { guest: boolean; onEnter: () => Promise<void> }) {
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = () => {
    setBusy(true);
    onEnter().catch((error: unknown) => {
      setFailed(inviteText(error));
      setBusy(false);
    });
  };
  return (
    <main class="message card" data-testid="invited">
      <Icon node={guest ? UserPlus : PhoneIncoming} size={40} />
      <h1>{t(guest ? "guest.link.title" : "invited.title")}</h1>
      <p>{t(guest ? "guest.link.text" : "invited.text")}</p>
      <Failure text={failed} />
      <Button kind="primary" busy={busy} onClick={enter} data-testid="invited-enter">
        {t("invited.enter")}
      </Button>
    </main>
  );
}

/** Return the sentence that says why the link does not work. */
export function inviteText(error: unknown): string {
  const reason = error instanceof InviteRefused ? error.reason : "other";
  const key: RareKey = `invited.failed.${reason as InviteReason | "network" | "other"}`;
  return isRareKey(key) ? t(key) : t("invited.failed.other");
}
