import type { InviteReason } from "../messages";
import { type IconNode, MessageCircle, PhoneIncoming, UserPlus } from "lucide";
import { useState } from "preact/hooks";
import { Failure } from "../ui/failure";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { InviteRefused } from "./invite";
import { isRareKey, t, type RareKey } from "./rare/words";

const ICONS: Partial<Record<RareKey, IconNode>> = { "guest.link.title": UserPlus, "invited.thread.title": MessageCircle };

/** Returns the text keys of title and text for the page that a link opens. The link is for a guest, for a callback, or for a
 *  conversation that is still open. */
function textsOf(invite: string): [RareKey, RareKey] {
  if (invite.startsWith("g~")) return ["guest.link.title", "guest.link.text"];
  return invite.includes(".") ? ["invited.title", "invited.text"] : ["invited.thread.title", "invited.thread.text"];
}

/** The page that a one-time link opens. Only a press on its button uses the link up: a link preview does not. */
export function Invited({ invite, onEnter }: { invite: string; onEnter: () => Promise<void> }) {
  const [title, text] = textsOf(invite);
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
      <Icon node={ICONS[title] ?? PhoneIncoming} size={40} />
      <h1>{t(title)}</h1>
      <p>{t(text)}</p>
      <Failure text={failed} />
      <Button kind="primary" busy={busy} onClick={enter} data-testid="invited-enter">
        {t("invited.enter")}
      </Button>
    </main>
  );
}

/** Returns the sentence that says why the link does not work. */
export function inviteText(error: unknown): string {
  const reason = error instanceof InviteRefused ? error.reason : "other";
  const key: RareKey = `invited.failed.${reason as InviteReason | "network" | "other"}`;
  return isRareKey(key) ? t(key) : t("invited.failed.other");
}
