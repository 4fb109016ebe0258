/** Lets a visitor continue the conversation on their phone, by a QR code of a link that works once. */

import { Smartphone } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { Elsewhere as Link, SessionView } from "../../messages";
import { Button, IconButton } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { useLocale } from "../../ui/store";
import type { Client } from "../client";
import { serverNow } from "../state";
import { clock, t as room } from "../words";
import { t } from "./words";
import "./elsewhere.css";

interface Props {
  client: Client;
  session: SessionView;
}

const STATES: readonly SessionView["state"][] = ["waiting", "active", "asleep"];

/** Whether this person can continue on another device. A phone does not offer that, because a phone cannot scan a QR code on its
 *  own screen. */
export function mayMove({ state, participants, you }: SessionView): boolean {
  const isUser = participants.some((one) => one.id === you && one.role === "user");
  return isUser && STATES.includes(state) && !matchMedia("(pointer: coarse)").matches;
}

/** The button that opens the dialog with the QR code. */
export function Elsewhere({ client, session }: Props) {
  useLocale();
  const [open, setOpen] = useState(false);
  if (!mayMove(session)) return null;
  return (
    <>
      <IconButton icon={Smartphone} label={t("title")} kind="quiet" onClick={() => setOpen(true)} data-testid="elsewhere" />
      {open && (
        <Dialog title={t("title")} closeLabel={room("close")} onClose={() => setOpen(false)}>
          <Code client={client} session={session} />
        </Dialog>
      )}
    </>
  );
}

/** Shows the QR code for continuing on another device, as a part of another dialog. */
export function ElsewherePart({ client, session }: Props) {
  if (!mayMove(session)) return null;
  return (
    <section class="guests-camera">
      <h3>
        <Icon node={Smartphone} /> {t("title")}
      </h3>
      <Code client={client} session={session} />
    </section>
  );
}

function Code({ client, session }: Props) {
  const [made, setMade] = useState<Link | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (made === null) return;
    const left = made.expires_at - serverNow(client.state.get(), Date.now());
    const over = setTimeout(() => setMade(null), Math.max(0, left));
    return () => clearTimeout(over);
  }, [made]);
  const make = () =>
    void client.connection.request({ type: "continue_elsewhere", session: session.id }).then(
      (answer) => {
        setFailed(false);
        setMade(answer as Link);
      },
      () => setFailed(true),
    );
  return (
    <div class="elsewhere">
      <p>{t("text")}</p>
      {made ? (
        <>
          <img class="elsewhere-qr" src={`data:image/svg+xml,${encodeURIComponent(made.qr)}`} alt={t("qr")} />
          <p class="field-hint" role="status" data-testid="elsewhere-link" data-url={made.url}>
            {t("works", { time: clock(made.expires_at) })}
          </p>
        </>
      ) : (
        <Button icon={Smartphone} onClick={make} data-testid="elsewhere-make">
          {t("make")}
        </Button>
      )}
      {failed && (
        <p class="field-error" role="alert">
          {t("failed")}
        </p>
      )}
    </div>
  );
}
