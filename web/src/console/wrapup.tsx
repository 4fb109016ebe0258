import { useState } from "preact/hooks";
import type { SessionView, StaffMe } from "../messages";
import type { Client } from "../room/client";
import { viewer } from "../room/state";
import { Button, TextArea } from "../ui";
import type { Actions } from "./actions";
import { clock } from "../staff/format";
import { sendsForm } from "./logic/keys";
import { draftsOf, useNotes } from "./notes";
import { endText } from "../staff/refusals";
import { t } from "../staff/texts";
import { noteWrappedUp } from "./use-sessions";
import { WrapUpChoices } from "./wrapup-choices";

/** The state that the member of staff has after saving the wrap-up. */
type Then = "available" | "away";

interface WrapUpProps {
  client: Client;
  session: SessionView;
  me: StaffMe;
  now: number;
  /** Whether this member of staff has asked to be away after the session. */
  away: boolean;
  actions: Pick<Actions, "wrapUp" | "setState">;
}

/** The form for notes, outcome and tags. Staff can fill it in during the conversation, and save it afterwards. No outcome is
 *  chosen at first, so that nobody saves an outcome by accident. */
export function WrapUp({ client, session, me, now, away, actions }: WrapUpProps) {
  const { text, outcome, tags, type } = useNotes(client, session);
  const [busy, setBusy] = useState<Then | null>(null);
  const wrapping = me.state === "wrap_up";
  const first: Then = wrapping && away ? "away" : "available";
  const over = session.state === "after";
  const owner = over || viewer(session)?.owner === true;
  const save = async (then: Then) => {
    setBusy(then);
    draftsOf(client).forget(session.id); // otherwise an older draft could later overwrite the saved notes
    const saved =
      (then === "available" || (await actions.setState("away"))) &&
      (await actions.wrapUp(session.id, text.trim(), outcome, tags));
    if (saved) {
      noteWrappedUp(session.id);
      return;
    }
    type({ text, outcome, tags });
    setBusy(null);
  };
  return (
    <form
      class={over ? "wrapup wrapup-over" : "wrapup"}
      onSubmit={(event) => {
        event.preventDefault();
        if (over && busy === null) void save(first);
      }}
    >
      {over && <Over session={session} now={now} />}
      {owner && <WrapUpChoices key={session.id} session={session} outcome={outcome} tags={tags} text={text} onChange={type} />}
      <TextArea
        label={t(over ? "wrap.notes" : "brief.notes")}
        hint={t(over ? "wrap.kept" : "brief.notes.hint")}
        autoFocus={over}
        rows={over ? 5 : 3}
        maxLength={4000}
        value={text}
        data-testid={over ? "wrapup-notes" : "notes"}
        onInput={(event) => type({ text: event.currentTarget.value })}
        onKeyDown={(event) => over && sendsForm(event) && event.currentTarget.form?.requestSubmit()}
      />
      {over && <Save wrapping={wrapping} first={first} busy={busy} onSave={(then) => void save(then)} />}
    </form>
  );
}

interface SaveProps {
  /** Whether I am in wrap-up. Saving then ends the wrap-up and makes me available or away. */
  wrapping: boolean;
  /** The state that the member has after a press on the main button. */
  first: Then;
  busy: Then | null;
  onSave: (then: Then) => void;
}

function Save({ wrapping, first, busy, onSave }: SaveProps) {
  const second = first === "away" ? "available" : "away";
  return (
    <div class="wrapup-do">
      <Button
        kind="primary"
        type="submit"
        busy={busy === first}
        disabled={busy !== null}
        title="Ctrl Enter"
        data-testid="wrapup-save"
      >
        {t(wrapping ? `wrap.save.${first}` : "wrap.save")}
      </Button>
      {wrapping && (
        <Button
          busy={busy === second}
          disabled={busy !== null}
          onClick={(event) => event.currentTarget.form?.reportValidity() === true && onSave(second)}
          data-testid={`wrapup-save-${second}`}
        >
          {t(`wrap.save.${second}`)}
        </Button>
      )}
    </div>
  );
}

function Over({ session, now }: { session: SessionView; now: number }) {
  return (
    <header>
      <h2>{t("wrap.title")}</h2>
      <p class="dim">
        {endText(session.end_reason)} {t("wrap.lead")}
      </p>
      {session.wrap_up_until !== null && (
        <p class="dim num">{t("wrap.left", { left: clock((session.wrap_up_until - now) / 1000) })}</p>
      )}
    </header>
  );
}
