/** The visitor's side of a callback, for the call window and the panel: choosing a time, changing it, cancelling the callback. */

import { CalendarClock, Mic, PhoneIncoming } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallbackTimes, CallbackView, Channel, SessionView } from "../messages";
import { Failure } from "../ui/failure";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Select, TextArea } from "../ui/field";
import { locale } from "../ui/i18n";
import { Icon } from "../ui/icon";
import { dayText, timeText, whenText } from "../ui/when";
import type { Client } from "./client";
import { Contact } from "./contact";
import type { OneOf } from "../ui/one-of";
import type { FailureReason, RequestError } from "./connection";
import { failureText } from "./failures";
import { isKey, type Key, t } from "./callbacks/words";
import "./callback.css";

interface Part {
  client: Client;
  session: SessionView;
}

const CHANNELS: Channel[] = ["text", "voice", "video"];
const NONE = { times: [], minutes: 0, staff: "", staff_name: "", staff_times: [] };

type Offered = Required<Pick<CallbackTimes, keyof typeof NONE>>;

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Returns the times that the site offers for a callback or an appointment; null until they are loaded. `channel`: the channel
 *  that an appointment would use. */
function useOffered(client: Client, session: string, channel: Channel): Offered | null {
  const [offered, setOffered] = useState<Offered | null>(null);
  useEffect(() => {
    let wanted = true;
    client.connection.request({ type: "callback_times", session, timezone: zone(), channel }).then(
      (answer) => wanted && setOffered({ ...NONE, ...(answer as CallbackTimes) }),
      () => wanted && setOffered(NONE),
    );
    return () => {
      wanted = false;
    };
  }, [client, session, channel]);
  return offered;
}

/** Returns the times at which staff can call the visitor again; null until they are loaded. If the site offers appointments with
 *  the counselor who uses this page, these are the free times of that counselor. Otherwise, for example for a professional, they
 *  are the times at which any counselor is free. */
export function useTimes(client: Client, { id, channel }: Pick<SessionView, "id" | "channel">): number[] | null {
  const offered = useOffered(client, id, channel);
  return offered && (offered.staff === "" ? offered.times : offered.staff_times);
}

/** A field in which somebody chooses one of several times, grouped by day. `value` is 0 while no time is chosen. */
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

/** The form for a callback's time, contact and note. If a callback is booked already, the form changes that callback. */
export function AskCallback({ client, session, onBack, onDone = onBack }: Part & { onBack: () => void; onDone?: () => void }) {
  const agreed = session.callback?.state === "scheduled" || session.callback?.state === "due" ? session.callback : null;
  const channels = CHANNELS.filter((one) => session.site.channels.includes(one));
  const [channel, setChannel] = useState<Channel>(channels.includes(session.channel) ? session.channel : channels[0]!);
  const [anyone, setAnyone] = useState(false);
  const offered = useOffered(client, session.id, channel);
  const { minutes, staff, staff_name } = offered ?? NONE;
  const byName = staff !== "" && !anyone;
  const times = offered && (byName ? offered.staff_times : offered.times);
  const [at, setAt] = useState(0);
  const [contact, setContact] = useState(agreed?.contact ?? "");
  const [note, setNote] = useState(agreed?.note ?? "");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const chosen = at || times?.[0] || 0;
  const send = async () => {
    setBusy(true);
    setFailed("");
    try {
      await client.connection.request({
        type: "callback",
        session: session.id,
        at: chosen,
        contact: contact.trim(),
        note: note.trim(),
        timezone: zone(),
        ...(minutes > 0 ? { channel, staff: byName ? staff : "" } : {}),
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
      <h1>{t(minutes > 0 ? "appointment.title" : "callback.title")}</h1>
      {minutes > 0 && (
        <>
          <Select
            label={t("appointment.how")}
            value={channel}
            choices={channels.map((value) => ({ value, label: t(`appointment.by.${value}`) }))}
            data-testid="appointment-channel"
            onChange={(event) => {
              setChannel(event.currentTarget.value as Channel);
              setAt(0);
            }}
          />
          {staff !== "" && (
            <Select
              label={t("appointment.who")}
              value={anyone ? "" : staff}
              choices={[
                { value: staff, label: t("appointment.known", { name: staff_name }) },
                { value: "", label: t("appointment.anyone") },
              ]}
              data-testid="appointment-staff"
              onChange={(event) => {
                setAnyone(event.currentTarget.value === "");
                setAt(0);
              }}
            />
          )}
        </>
      )}
      {times === null && <div class="skeleton callback-skeleton" role="status" aria-label={t("callback.times")} />}
      {times?.length === 0 && (
        <p class="notice notice-warn">{byName ? t("appointment.none", { name: staff_name }) : t("callback.none")}</p>
      )}
      {times !== null && times.length > 0 && (
        <>
          <TimeSelect times={times} value={chosen} label={t("callback.when")} onChange={setAt} />
          {minutes > 0 && <p class="field-hint">{t("appointment.zone", { minutes, zone: zone() })}</p>}
          <Contact
            label={t("callback.contact")}
            hint={
              minutes > 0
                ? t("appointment.contact")
                : session.contact_needed
                  ? t("callback.contact.needed")
                  : t("callback.contact.hint", { site: session.site.name })
            }
            value={contact}
            required={session.contact_needed}
            autoComplete="tel"
            data-testid="callback-contact"
            onInput={setContact}
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
          {t(minutes > 0 ? "appointment.send" : "callback.send")}
        </Button>
      </div>
    </form>
  );
}

/** Says which callback or appointment is booked, and when it is. */
function Agreed({ callback, session }: { callback: CallbackView; session: SessionView }) {
  const when = whenText(callback.due_at, Date.now(), locale());
  const name = callback.staff_name || session.site.name;
  if (callback.minutes === 0)
    return (
      <>
        <h1>{t("callback.promised")}</h1>
        <p class="callback-when">{callback.state === "due" ? t("callback.due") : when}</p>
        <p>
          {callback.contact
            ? t("callback.at", { contact: callback.contact })
            : t("callback.by_site", { site: session.site.name })}
        </p>
      </>
    );
  return (
    <>
      <h1>{t("appointment.promised")}</h1>
      <p class="callback-when" data-testid="appointment-when">
        {when}
      </p>
      <p>{t("appointment.with", { name, channel: t(`appointment.by.${session.channel}`), zone: zone() })}</p>
      {callback.state === "due" && (
        <p class="notice" data-testid="appointment-due">
          {t(callback.anyone ? "appointment.instead" : "appointment.due", { name })}
        </p>
      )}
    </>
  );
}

/** The booked callback or appointment, with buttons to change or cancel it. `devices`: renders a test of microphone and
 *  camera. */
export function CalledBack({ client, session, devices }: Part & { devices?: () => ComponentChildren }) {
  const [trying, setTrying] = useState(false);
  const [changing, setChanging] = useState(false);
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState("");
  const { callback } = session;
  if (callback === null) return null;
  if (changing) return <AskCallback client={client} session={session} onBack={() => setChanging(false)} />;
  const cancel = () => {
    setAsking(false);
    setFailed("");
    client.connection
      .request({ type: "cancel_callback", session: session.id })
      .catch((error: unknown) => setFailed(failedText(error)));
  };
  const appointment = callback.minutes > 0;
  return (
    <div class="callback-promise" data-testid="callback-promise">
      <Icon node={appointment ? CalendarClock : PhoneIncoming} size={40} />
      <div role="status">
        <Agreed callback={callback} session={session} />
      </div>
      {trying && devices?.()}
      {appointment && devices && session.channel !== "text" && !trying && (
        <Button icon={Mic} onClick={() => setTrying(true)} data-testid="appointment-try">
          {t(session.channel === "video" ? "appointment.try.video" : "appointment.try")}
        </Button>
      )}
      {callback.state !== "due" && <p class="field-hint">{t(appointment ? "appointment.close" : "callback.close")}</p>}
      <Failure text={failed} />
      <div class="callback-buttons">
        <Button
          onClick={() => {
            setFailed("");
            setChanging(true);
          }}
          data-testid="callback-change"
        >
          {t("callback.change")}
        </Button>
        <Button kind="quiet" onClick={() => setAsking(true)} data-testid="callback-cancel">
          {t(appointment ? "appointment.cancel" : "callback.cancel")}
        </Button>
      </div>
      {asking && (
        <Dialog
          title={t(appointment ? "appointment.cancel.ask" : "callback.cancel.ask")}
          closeLabel={t("callback.cancel.keep")}
          onClose={() => setAsking(false)}
        >
          <div class="callback-buttons">
            <Button onClick={() => setAsking(false)}>{t("callback.cancel.keep")}</Button>
            <Button kind="danger" onClick={cancel} data-testid="callback-cancel-yes">
              {t(appointment ? "appointment.cancel" : "callback.cancel")}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
