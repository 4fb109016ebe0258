import { DoorOpen } from "lucide";
import type { SessionView } from "../messages";
import { Button } from "../ui";
import type { Actions } from "./actions";
import { clock } from "../staff/format";
import { keyLabel } from "./logic/keys";
import { nameOf } from "../staff/names";
import { t } from "../staff/texts";

interface ReadingProps {
  session: SessionView;
  now: number;
  actions: Pick<Actions, "join">;
  onLeave: () => void;
}

/** Shown to a professional who reads the conversation before joining it. Says why the counselor asked for help, and that nobody
 *  hears the professional yet. Has a Join button. */
export function Reading({ session, now, actions, onLeave }: ReadingProps) {
  const owner = session.participants.find((one) => one.owner);
  const name = nameOf(owner);
  const until = session.help?.catch_up_until ?? null;
  return (
    <section class="reading card-part" aria-label={t("read.title")}>
      <p class="row">
        <strong>{t("read.title")}</strong>
        {until !== null && <span class="pill pill-help num">{t("read.left", { left: clock((until - now) / 1000) })}</span>}
      </p>
      <blockquote class="reading-note">
        <span class="dim">{t("read.note", { name })}</span>
        <p dir="auto">{session.help?.note || t("read.nonote")}</p>
      </blockquote>
      <p class="reading-heard">{t("read.heard", { name })}</p>
      {session.recording?.state === "on" ? (
        <>
          <p data-testid="join-recorded">{t("read.rec")}</p>
          <Button kind="help" icon={DoorOpen} wide onClick={() => void actions.join(session.id, true)} data-testid="join-agree">
            {t("read.rec.yes")}
          </Button>
          <Button wide onClick={() => void actions.join(session.id, false)} data-testid="join-refuse">
            {t("read.rec.no")}
          </Button>
        </>
      ) : (
        <Button kind="help" icon={DoorOpen} wide onClick={() => void actions.join(session.id)} data-testid="join">
          {t("read.join")} <kbd>{keyLabel("join")}</kbd>
        </Button>
      )}
      <p class="dim">{t("read.join.hint", { name })}</p>
      <Button kind="quiet" onClick={onLeave} data-testid="reading-leave">
        {t("read.leave")}
      </Button>
    </section>
  );
}
