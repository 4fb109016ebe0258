import { Copy, Link2, Share2, Smartphone, UserMinus } from "lucide";
import { useState } from "preact/hooks";
import type { GuestLabel, GuestLink, GuestLinkView, Original, ParticipantView, SessionView } from "../../messages";
import { toast } from "../../ui/announce";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import type { Client } from "../client";
import { RequestError, type RequestMessage } from "../connection";
import { ElsewherePart } from "../elsewhere/elsewhere";
import { participant } from "../state";
import { clock, nameAndRole, nameOf, t as room } from "../words";
import { cameraIn, guestsIn, LABELS, mayRemove, ORIGINALS, originalOf, sidesOf } from "./rules";
import { t, textOr } from "./words";

interface Props {
  client: Client;
  session: SessionView;
}

/** Sends a message. If the server refuses it, a toast says why, and the result is null. */
async function ask(client: Client, message: RequestMessage): Promise<unknown> {
  try {
    return await client.connection.request(message);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    toast(textOr(`failed.${error.reason}`, t("failed")), "error");
    return null;
  }
}

/** The dialog about guests: make a new link, see open links and the guests who are here, use a phone as a camera, and continue on
 *  another device. */
export function GuestsDialog({ client, session, onClose }: Props & { onClose: () => void }) {
  const { guests } = session;
  // The dialog remembers the new link, because the form disappears if this link has taken the last free place for a guest.
  const [made, setMade] = useState<GuestLink | null>(null);
  const open = made && guests?.links.some((one) => one.guest === made.guest && !one.arriving);
  const here = guestsIn(session);
  const links = guests?.links.filter((one) => one.label !== "camera") ?? [];
  return (
    <Dialog title={t("title")} closeLabel={room("close")} onClose={onClose} class="guests-dialog" data-testid="guests-dialog">
      {guests && guests.places > 0 && <NewLink client={client} session={session} onMade={setMade} />}
      {made && open && <MadeLink link={made} />}
      {guests && guests.places === 0 && (here.length > 0 || links.length > 0) && <p class="field-hint">{t("full")}</p>}
      {(here.length > 0 || links.length > 0) && (
        <ul class="guests-list">
          {here.map((guest) => (
            <Guest key={guest.id} client={client} session={session} guest={guest} />
          ))}
          {links.map((link) => (
            <OpenLink key={link.guest} client={client} session={session} link={link} />
          ))}
        </ul>
      )}
      {guests?.camera && <PhoneCamera client={client} session={session} />}
      <ElsewherePart client={client} session={session} />
    </Dialog>
  );
}

function NewLink({ client, session, onMade }: Props & { onMade: (link: GuestLink | null) => void }) {
  const [label, setLabel] = useState<GuestLabel>("family");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    onMade((await ask(client, { type: "invite_guest", session: session.id, label })) as GuestLink | null);
    setBusy(false);
  };
  return (
    <section class="guests-new">
      <fieldset class="guests-labels">
        <legend>{t("who")}</legend>
        {LABELS.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="guest-label"
              checked={one === label}
              onChange={() => setLabel(one)}
              data-testid={`guest-label-${one}`}
            />
            <span class="guests-label">{t(one === "other" ? "choice.other" : `label.${one}`)}</span>
          </label>
        ))}
      </fieldset>
      <p class="field-hint">{t("hint")}</p>
      <Button kind="primary" icon={Link2} busy={busy} onClick={() => void make()} data-testid="guest-link-make">
        {t("make")}
      </Button>
    </section>
  );
}

const canShare = () => "share" in navigator;

/** The link that was made last. The link is shown in a field, because browsers can forbid the clipboard. */
function MadeLink({ link }: { link: GuestLink }) {
  const copy = () =>
    void navigator.clipboard.writeText(link.url).then(
      () => toast(t("copied")),
      () => undefined,
    );
  return (
    <div class="guests-made" role="status">
      <input
        class="input"
        readOnly
        value={link.url}
        aria-label={t("link")}
        onFocus={(event) => event.currentTarget.select()}
        data-testid="guest-link"
      />
      <div class="buttons">
        {isSecureContext && (
          <Button icon={Copy} onClick={copy}>
            {t("copy")}
          </Button>
        )}
        {canShare() && (
          <Button icon={Share2} onClick={() => void navigator.share({ url: link.url }).catch(() => undefined)}>
            {t("share")}
          </Button>
        )}
      </div>
      <p class="field-hint">{t("works", { time: clock(link.expires_at) })}</p>
    </div>
  );
}

function OpenLink({ client, session, link }: Props & { link: GuestLinkView }) {
  const by = participant(session, link.by);
  return (
    <li class="guests-one" data-testid="guest-waiting">
      <div>
        <strong class="guests-label">{textOr(`label.${link.label}`, "")}</strong>
        <p class="field-hint">
          {link.arriving ? t("arriving") : t("open", { time: clock(link.until) })}
          {by && link.by !== session.you && ` · ${t("by", { name: nameOf(by) })}`}
        </p>
      </div>
      {mayRemove(session, link.by) && (
        <Button
          kind="quiet"
          onClick={() => void ask(client, { type: "remove_guest", session: session.id, guest: link.guest })}
          data-testid="guest-withdraw"
        >
          {t("withdraw")}
        </Button>
      )}
    </li>
  );
}

function Guest({ client, session, guest }: Props & { guest: ParticipantView }) {
  const by = participant(session, guest.invited_by);
  return (
    <li class="guests-one" data-testid="guest-here">
      <div>
        <strong>{nameAndRole(guest)}</strong>
        {by && <p class="field-hint">{by.id === session.you ? t("by.you") : t("by", { name: nameOf(by) })}</p>}
      </div>
      {mayRemove(session, guest.invited_by) && (
        <Button
          icon={UserMinus}
          onClick={() => void ask(client, { type: "remove_guest", session: session.id, guest: guest.id })}
          data-testid="guest-remove"
        >
          {t("remove")}
        </Button>
      )}
      {session.room?.media &&
        (guest.label === "interpreter" || session.interpreting?.guest === guest.id) &&
        sidesOf(session).map((side) => <Side key={side} client={client} session={session} guest={guest} side={side} />)}
    </li>
  );
}

/** The choice of how one side hears the other while this guest interprets. */
function Side({ client, session, guest, side }: Props & { guest: ParticipantView; side: "user" | "staff" }) {
  const own = side === "user" && sidesOf(session).length === 1;
  return (
    <label class="guests-side">
      <span>{t(own ? "side.own" : `side.${side}`)}</span>
      <select
        class="input"
        value={originalOf(session, guest.id, side)}
        onChange={(event) =>
          void ask(client, {
            type: "interpret",
            session: session.id,
            guest: guest.id,
            side,
            original: event.currentTarget.value as Original,
          })
        }
        data-testid={`interpret-${side}`}
      >
        {ORIGINALS.map((original) => (
          <option key={original} value={original}>
            {t(`original.${original}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Makes the visitor's phone a second camera, by a QR code, and ends this use of the phone. */
function PhoneCamera({ client, session }: Props) {
  const [made, setMade] = useState<GuestLink | null>(null);
  const phone = cameraIn(session);
  const open = made && session.guests?.links.some((one) => one.guest === made.guest);
  const make = async () =>
    setMade((await ask(client, { type: "invite_guest", session: session.id, label: "camera" })) as GuestLink | null);
  return (
    <section class="guests-camera">
      <h3>
        <Icon node={Smartphone} /> {t("camera.title")}
      </h3>
      <p>{t(phone ? "camera.on" : "camera.text")}</p>
      {phone ? (
        <Button
          onClick={() => void ask(client, { type: "remove_guest", session: session.id, guest: phone.id })}
          data-testid="camera-end"
        >
          {t("camera.end")}
        </Button>
      ) : open ? (
        <>
          <img class="guests-qr" src={`data:image/svg+xml,${encodeURIComponent(made.qr)}`} alt={t("camera.qr")} />
          <p class="field-hint" data-testid="camera-link" data-url={made.url}>
            {t("camera.works", { time: clock(made.expires_at) })}
          </p>
        </>
      ) : (
        <Button icon={Smartphone} onClick={() => void make()} data-testid="camera-make">
          {t("camera.make")}
        </Button>
      )}
    </section>
  );
}
