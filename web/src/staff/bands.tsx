import { Ear, Mic, MicOff } from "lucide";
import type { SessionView } from "../messages";
import type { RoomLink } from "../room/room-link";
import type { RoomState } from "../room/state";
import { participant } from "../room/state";
import { Button, Icon, useStore } from "../ui";
import { clock } from "./format";
import { listened } from "./listened";
import { nameOf, userOf } from "./names";
import { t } from "./texts";

/** Says what is wrong with the connection to the server. Shows nothing while the connection works. */
export function ConnectionBand({ status }: { status: RoomState["status"] }) {
  if (status === "open") return null;
  const words = !navigator.onLine ? t("conn.offline") : status === "connecting" ? t("conn.connecting") : t("conn.reconnecting");
  return (
    <div class="notice notice-warn band" role="status">
      <span class="button-busy" aria-hidden="true" /> {words}
    </div>
  );
}

/** Says who is disconnected, and for how long the session will still wait for that person. */
export function LostBand({ session, now }: { session: SessionView; now: number }) {
  if (session.lost === "" || session.deadline === null) return null;
  const person = participant(session, session.lost);
  const left = clock((session.deadline - now) / 1000);
  const words = person?.presence === "left_page" ? "lost.left_page" : person?.role === "user" ? "lost.user" : "lost.other";
  return (
    <div class="notice notice-danger band" role="status" data-testid="user-lost">
      <span>{t(words, { name: nameOf(person), left })}</span>
    </div>
  );
}

/** Says that the visitor is on hold. The band is shown during the whole hold, so that no visitor is forgotten. */
export function HoldBand({ session, onEnd }: { session: SessionView; onEnd: (() => void) | null }) {
  if (session.room?.held !== true) return null;
  return (
    <div class="notice notice-warn band" role="status" data-testid="held">
      <span>{t("hold.now", { user: nameOf(userOf(session)) })}</span>
      {onEnd !== null && <Button onClick={onEnd}>{t("ctl.hold.end")}</Button>}
    </div>
  );
}

/** Says which operators listen in, whisper or have joined, as long as they do. The icon of a microphone that is off is crossed
 *  out. */
export function ListenedBand({ session }: { session: SessionView }) {
  return (
    <>
      {listened(session).map(({ how, key, args, muted }) => (
        <div
          key={how + (args.name ?? "")}
          class={`notice notice-${how === "listen" ? "warn" : "help"} band listened-${how}`}
          role="status"
          data-testid="listened"
          data-how={how}
        >
          <Icon node={how === "listen" ? Ear : muted ? MicOff : Mic} />
          <span>{t(key, args)}</span>
        </div>
      ))}
    </>
  );
}

export function TextOnlyBand({ link }: { link: RoomLink }) {
  const status = useStore(link.peer.state, (peer) => peer.status);
  if (status !== "text_only") return null;
  return (
    <div class="notice notice-warn band" role="status">
      {t("conn.text_only")}
    </div>
  );
}

/** Shown when a newer tab of the same person has taken the session over. */
export function Replaced({ onUse }: { onUse: () => void }) {
  return (
    <section class="centre card" role="status">
      <h2>{t("replaced.title")}</h2>
      <p class="dim">{t("replaced.text")}</p>
      <Button kind="primary" onClick={onUse} data-testid="replaced-use">
        {t("replaced.use")}
      </Button>
    </section>
  );
}
