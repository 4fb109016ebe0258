import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { Button, Select, TextArea } from "../ui";
import type { Actions } from "./actions";
import { clock } from "../staff/format";
import { keepNotes, keptNotes } from "./notes";
import { t, textOr } from "../staff/texts";

export const OUTCOMES = ["resolved", "follow_up", "referred", "unresolved", "dropped", "not_reached"] as const;

/** After the call: what the next person should know. Starts with the notes taken during it. */
export function WrapUp({ session, now, actions }: { session: SessionView; now: number; actions: Pick<Actions, "wrapUp"> }) {
  const [notes, setNotes] = useState(() => keptNotes(session.id));
  const [outcome, setOutcome] = useState<string>(session.end_reason === "callback_missed" ? "not_reached" : "resolved");
  const [busy, setBusy] = useState(false);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    if (await actions.wrapUp(session.id, notes.trim(), outcome)) keepNotes(session.id, "");
    else setBusy(false);
  };
  return (
    <form class="wrapup card" onSubmit={(event) => void save(event)}>
      <header>
        <h2>{t("wrap.title")}</h2>
        <p class="dim">
          {session.end_reason !== "" && textOr(`after.reason.${session.end_reason}`, "")} {t("wrap.lead")}
        </p>
      </header>
      <Select
        label={t("wrap.outcome")}
        value={outcome}
        choices={OUTCOMES.map((value) => ({ value, label: t(`wrap.outcome.${value}`) }))}
        onChange={(event) => setOutcome(event.currentTarget.value)}
      />
      <TextArea
        label={t("wrap.notes")}
        autoFocus
        rows={5}
        maxLength={4000}
        value={notes}
        data-testid="wrapup-notes"
        onInput={(event) => {
          setNotes(event.currentTarget.value);
          keepNotes(session.id, event.currentTarget.value);
        }}
      />
      <div class="row row-end">
        {session.wrap_up_until !== null && (
          <span class="dim num">{t("wrap.left", { left: clock((session.wrap_up_until - now) / 1000) })}</span>
        )}
        <Button kind="primary" type="submit" busy={busy} data-testid="wrapup-save">
          {t("wrap.save")}
        </Button>
      </div>
    </form>
  );
}
