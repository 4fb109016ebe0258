import { Circle } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RecordingView, SessionView } from "../messages";
import { announce, toast } from "../ui/announce";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import type { Client } from "./client";
import { RequestError } from "./connection";
import { participant, viewer } from "./state";
import { isKey, t } from "./recordings/words";
import { list, nameAndRole, t as room } from "./words";
import "./recording.css";

interface BarProps {
  client: Client;
  session: SessionView;
}

/** Asks for consent to a recording, and shows that the call is being recorded. Everybody in the call sees this bar from the
 *  moment when somebody asks for a recording. */
export function RecordingBar({ client, session }: BarProps) {
  const { recording } = session;
  const [stopping, setStopping] = useState(false);
  useTold(recording);
  if (recording === null || session.state !== "active") return null;
  const answer = (agree: boolean) => {
    setStopping(false);
    void answerRecording(client, session.id, agree);
  };
  const { state, you } = recording;
  const reading = viewer(session)?.presence === "reading";
  return (
    <section
      class={`rec rec-${state} ${you === "" ? "rec-asks" : ""}`}
      aria-label={room("rec.label")}
      data-testid="recording"
      data-state={state}
    >
      {state === "on" && (
        <strong class="rec-sign" data-testid="rec-sign">
          <Icon node={Circle} size={14} /> {t("rec.sign")}
        </strong>
      )}
      <p class="rec-words">{words(session, recording, reading)}</p>
      {!reading && you === "" && (
        <span class="rec-buttons">
          <Button onClick={() => answer(false)} data-testid="rec-refuse">
            {t("rec.refuse")}
          </Button>
          <Button kind="primary" onClick={() => answer(true)} data-testid="rec-agree">
            {t("rec.agree")}
          </Button>
        </span>
      )}
      {you === "yes" && state === "on" && (
        <Button onClick={() => setStopping(true)} data-testid="rec-stop">
          {t("rec.stop")}
        </Button>
      )}
      {(you === "no" || (you === "yes" && recording.failed !== "")) && (
        <Button kind="quiet" onClick={() => answer(true)} data-testid="rec-allow">
          {t("rec.allow")}
        </Button>
      )}
      {stopping && (
        <StopDialog byUser={viewer(session)?.role === "user"} onYes={() => answer(false)} onClose={() => setStopping(false)} />
      )}
    </section>
  );
}

export async function answerRecording(client: Client, session: string, agree: boolean): Promise<void> {
  try {
    await client.connection.request({ type: "recording", session, agree });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    toast(t("rec.unanswered"), "error");
  }
}

function words(session: SessionView, recording: RecordingView, reading: boolean): string {
  const names = (ids: string[]) =>
    list(
      ids
        .map((id) => participant(session, id))
        .filter((one) => one !== undefined)
        .map(nameAndRole),
    );
  const { state, you, waiting_for, refused_by, failed } = recording;
  if (state === "on") return t("rec.on");
  if (reading) return t("rec.off");
  if (you === "")
    return [t("rec.ask"), session.cobrowse ? t("rec.ask.page") : "", session.site.recording_notice].filter(Boolean).join(" ");
  if (failed !== "") {
    const key = `rec.failed.${failed}`;
    return t("rec.failed", { reason: t(isKey(key) ? key : "rec.failed.write_failed") });
  }
  if (you === "no") return t("rec.off.you");
  if (refused_by.length > 0) return t("rec.off.others", { names: names(refused_by) });
  return t("rec.waiting", { names: names(waiting_for) });
}

/** Announces to screen readers that the recording of the call has started or stopped. */
function useTold(recording: RecordingView | null): void {
  const on = recording?.state === "on";
  const was = useRef(false);
  useEffect(() => {
    if (on !== was.current) announce(t(on ? "rec.on" : "rec.ended"));
    was.current = on;
  }, [on]);
}

/** Asks the person to confirm that the recording stops. If the visitor stops it (`byUser`), what was recorded is deleted. */
export function StopDialog({ byUser, onYes, onClose }: { byUser: boolean; onYes: () => void; onClose: () => void }) {
  return (
    <Dialog title={t("rec.stop.title")} closeLabel={room("close")} onClose={onClose}>
      <p>{t(byUser ? "rec.stop.user" : "rec.stop.staff")}</p>
      <div class="buttons buttons-end">
        <Button onClick={onClose}>{t("rec.stop.not")}</Button>
        <Button kind="danger" onClick={onYes} data-testid="rec-stop-confirm">
          {t(byUser ? "rec.stop.user.do" : "rec.stop.staff.do")}
        </Button>
      </div>
    </Dialog>
  );
}
