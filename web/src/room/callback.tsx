/** The visitor's side of a callback, for the call window and the panel: choosing a time, changing it, cancelling the callback. */

import { PhoneIncoming } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { CallbackTimes, SessionView } from "../messages";
import { Failure } from "../ui/failure";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Field, TextArea } from "../ui/field";
import { locale } from "../ui/i18n";
import { Icon } from "../ui/icon";
import { dayText, timeText, whenText } from "../ui/when";
import type { Client } from "./client";
import type { OneOf } from "../ui/one-of";
import type { FailureReason, RequestError } from "./connection";
import { failureText } from "./failures";
import { isKey, type Key, t } from "./callbacks/words";
import "./callback.css";

interface Part {
  client: Client;
  session: SessionView;
}

/** Returns the times that the site offers, in the visitor's time zone; null until they are loaded. */
export function useTimes(client: Client, session: string): number[] | null {
  const [times, setTimes] = useState<number[] | null>(null);
  useEffect(() => {
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    client.connection.request({ type: "callback_times", session, timezone }).then(
      (answer) => setTimes((answer as CallbackTimes).times),
      () => setTimes([]),
    );
  }, [client, session]);
  return times;
}

/** A list of times by day; `value` is 0 while none is chosen. */
export function TimeSelect({
  times,
  value,
  label,
  onChange,
}: {
  times: number[];
  value: number;
  label: string;
  onChange: (at: number) => void;
}) {
  const days = new Map<string, number[]>();
  for (const at of times) {
    const day = dayText(at, Date.now(), locale());
    days.set(day, [...(days.get(day) ?? []), at]);
  }
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      <select
        class="input"
        value={String(value)}
        data-testid="callback-time"
        onChange={(event) => onChange(Number(event.currentTarget.value))}
      >
        {[...days].map(([day, moments]) => (
          <optgroup key={day} label={day}>
            {moments.map((at) => (
              <option key={at} value={String(at)} selected={at === value}>
                {day} {timeText(at, locale())}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

type RefusesCallbacks = OneOf<FailureReason, "no_contact" | "out_of_hours" | "full" | "ringing" | "too_often" | "not_offered">;

function failedText(error: unknown): string {
  const key: Key = `callback.failed.${(error as RequestError).reason as RefusesCallbacks}`;
  return isKey(key) ? t(key) : failureText(error);
}

/** The form for a callback's time, contact and note. If a callback is agreed already, the form changes it. */
export function AskCallback({ client, session, onBack, onDone = onBack }: Part & { onBack: () => void; onDone?: () => void }) {
  const agreed = session.callback?.state === "scheduled" || session.callback?.state === "due" ? session.callback : null;
  const times = useTimes(client, session.id);
  const [at, setAt] = useState(0);
  const [contact, setContact] = useState(agreed?.contact ?? "");
  const [note, setNote] = useState(agreed?.note ?? "");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const chosen = at || times?.[0] || 0;
  const send = async () => {
    setBusy(true);
    try {
      await client.connection.request({
        type: "callback",
        session: session.id,
        at: chosen,
        contact: contact.trim(),
        note: note.trim(),
      });
      onDone();
    } catch (error) {
      setFailed(failedText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="callback-form"
      data-testid="callback-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <h1>{t("callback.title")}</h1>
      {times === null && <div class="skeleton callback-skeleton" role="status" aria-label={t("callback.times")} />}
      {times?.length === 0 && <p class="notice notice-warn">{t("callback.none")}</p>}
      {times !== null && times.length > 0 && (
        <>
          <TimeSelect times={times} value={chosen} label={t("callback.when")} onChange={setAt} />
          <Field
            label={t("callback.contact")}
            hint={session.contact_needed ? t("callback.contact.needed") : t("callback.contact.hint", { site: session.site.name })}
            value={contact}
            required={session.contact_needed}
            maxLength={200}
            autoComplete="tel"
            data-testid="callback-contact"
            onInput={(event) => setContact(event.currentTarget.value)}
          />
          <TextArea
            label={t("callback.note")}
            rows={2}
            maxLength={500}
            value={note}
            data-testid="callback-note"
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </>
      )}
      <Failure text={failed} />
      <div class="callback-buttons">
        <Button onClick={onBack}>{t("callback.back")}</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={chosen === 0} data-testid="callback-send">
          {t("callback.send")}
        </Button>
      </div>
    </form>
  );
}

/** The agreed callback: its time and contact, with buttons to change or cancel it. */
export function CalledBack({ client, session }: Part) {
  const [changing, setChanging] = useState(false);
  const [asking, setAsking] = useState(false);
  const { callback } = session;
  if (callback === null) return null;
  if (changing) return <AskCallback client={client} session={session} onBack={() => setChanging(false)} />;
  const cancel = () => {
    setAsking(false);
    client.connection.request({ type: "cancel_callback", session: session.id }).catch(() => undefined);
  };
  const when = whenText(callback.due_at, Date.now(), locale());
  return (
    <div class="callback-promise" data-testid="callback-promise">
      <Icon node={PhoneIncoming} size={40} />
      <div role="status">
        <h1>{t("callback.promised")}</h1>
        <p class="callback-when">{callback.state === "due" ? t("callback.due") : when}</p>
        <p>
          {callback.contact
            ? t("callback.at", { contact: callback.contact })
            : t("callback.by_site", { site: session.site.name })}
        </p>
      </div>
      <p class="field-hint">{t("callback.close")}</p>
      <div class="callback-buttons">
        <Button onClick={() => setChanging(true)} data-testid="callback-change">
          {t("callback.change")}
        </Button>
        <Button kind="quiet" onClick={() => setAsking(true)} data-testid="callback-cancel">
          {t("callback.cancel")}
        </Button>
      </div>
      {asking && (
        <Dialog title={t("callback.cancel.ask")} closeLabel={t("callback.cancel.keep")} onClose={() => setAsking(false)}>
          <div class="callback-buttons">
            <Button onClick={() => setAsking(false)}>{t("callback.cancel.keep")}</Button>
            <Button kind="danger" onClick={cancel} data-testid="callback-cancel-yes">
              {t("callback.cancel")}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
