import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import type { Client } from "../room/client";
import { Button, Select, TextArea } from "../ui";
import type { Actions } from "./actions";
import { endText } from "../staff/refusals";
import { clock } from "../staff/format";
import { draftsOf, useNotes } from "./notes";
import { t } from "../staff/texts";

export const OUTCOMES = ["resolved", "follow_up", "referred", "unresolved", "dropped", "not_reached"] as const;

/** The form after the call: what the next person should know. Starts with the notes taken during the call. */
export function WrapUp({
  client,
  session,
  now,
  actions,
}: {
  client: Client;
  session: SessionView;
  now: number;
  actions: Pick<Actions, "wrapUp">;
}) {
  const { text, type } = useNotes(client, session);
  const [outcome, setOutcome] = useState<string>(session.end_reason === "callback_missed" ? "not_reached" : "resolved");
  const [busy, setBusy] = useState(false);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const drafts = draftsOf(client);
    const unsaved = text;
    drafts.forget(session.id); // a draft must not come after what was saved
    if (await actions.wrapUp(session.id, unsaved.trim(), outcome)) return;
    type(unsaved, outcome);
    setBusy(false);
  };
  return (
    <form class="wrapup card" onSubmit={(event) => void save(event)}>
      <header>
        <h2>{t("wrap.title")}</h2>
        <p class="dim">
          {endText(session.end_reason)} {t("wrap.lead")}
        </p>
      </header>
      <Select
        label={t("wrap.outcome")}
        value={outcome}
        choices={OUTCOMES.map((value) => ({ value, label: t(`wrap.outcome.${value}`) }))}
        onChange={(event) => {
          setOutcome(event.currentTarget.value);
          if (text !== "") type(text, event.currentTarget.value);
        }}
      />
      <TextArea
        label={t("wrap.notes")}
        autoFocus
        rows={5}
        maxLength={4000}
        value={text}
        data-testid="wrapup-notes"
        onInput={(event) => type(event.currentTarget.value, outcome)}
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
