/** The button and the dialog with which people invite and remove guests, and the bar that names the interpreter. */

import { UserPlus } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { IconButton } from "../../ui/button";
import { useLocale } from "../../ui/store";
import type { Client } from "../client";
import { InterpreterBar } from "./bar";
import { useSpeakerOnStage } from "./speaker";
import { GuestsDialog } from "./dialog";
import { t } from "./words";
import "./guests.css";

interface Props {
  client: Client;
  session: SessionView;
  /** Whether to show the button instead of the bar. Both are one component, so that a page loads their code together. */
  button?: boolean;
}

export function Guests({ client, session, button }: Props) {
  useLocale();
  const [open, setOpen] = useState(false);
  if (!button) return <Room client={client} session={session} />;
  if (session.guests === null || !mayDoAnything(session)) return null;
  const waiting = session.guests.links.length;
  return (
    <>
      <IconButton
        icon={UserPlus}
        caption
        label={t("button")}
        badge={waiting}
        onClick={() => setOpen(true)}
        data-testid="call-guests"
      />
      {open && <GuestsDialog client={client} session={session} onClose={() => setOpen(false)} />}
    </>
  );
}

function Room({ client, session }: Props) {
  useSpeakerOnStage(client, session);
  return <InterpreterBar session={session} />;
}

/** Whether the dialog has anything to offer to this person. Guests themselves are not allowed to invite anybody. */
function mayDoAnything({ guests, participants, you }: SessionView): boolean {
  const me = participants.find((one) => one.id === you);
  if (guests === null || me?.role === "guest") return false;
  return guests.camera || guests.places > 0 || guests.links.length > 0 || participants.some((one) => one.role === "guest");
}
