/** The screens of a guest: what they see before they enter, and when they are no longer in the conversation. */

import { DoorOpen, ShieldCheck } from "lucide";
import { useState } from "preact/hooks";
import type { OverReason, SessionView } from "../messages";
import { DeviceTest } from "../room/device-test";
import { failureText } from "../room/failures";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { Field } from "../ui/field";
import { Icon } from "../ui/icon";
import { useStore } from "../ui/store";
import type { Call } from "./call";
import { Logo } from "./logo";
import { isRareKey, t } from "./rare/words";
import "./guest.css";

interface Props {
  call: Call;
  session: SessionView;
}

/** The screen before a guest enters. The guest can test camera and microphone there, and reads what others get to know about the
 *  guest. The screen asks for a name, and for consent to a recording that is on. */
export function GuestPrepare({ call, session }: Props) {
  const { channel } = call.handoff;
  const [name, setName] = useState("");
  const [record, setRecord] = useState<boolean | undefined>();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const asks = session.recording?.state === "on";
  const enter = async () => {
    setBusy(true);
    setFailed("");
    try {
      await call.enter(name.trim(), record);
    } catch (error) {
      setFailed(failureText(error));
    }
    setBusy(false);
  };
  return (
    <form
      class={`prepare prepare-${channel}`}
      data-testid="guest-prepare"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      {channel !== "text" && (
        <div class="card prepare-devices">
          <DeviceTest devices={call.devices} preview={channel === "video"} folded />
        </div>
      )}
      <div class="prepare-side">
        <header>
          <Logo site={session.site} />
          <p class="prepare-about">{t("guest.about", { site: session.site.name })}</p>
          <h1>{t("guest.title")}</h1>
        </header>
        <Field
          label={t("guest.name")}
          value={name}
          maxLength={60}
          required
          autoComplete="name"
          onInput={(event) => setName(event.currentTarget.value)}
          data-testid="guest-name"
        />
        {asks && (
          <fieldset class="guest-record">
            <legend>{t("guest.record")}</legend>
            {[true, false].map((yes) => (
              <label key={String(yes)}>
                <input
                  type="radio"
                  name="record"
                  required
                  checked={record === yes}
                  onChange={() => setRecord(yes)}
                  data-testid={yes ? "guest-record-yes" : "guest-record-no"}
                />
                {t(yes ? "guest.record.yes" : "guest.record.no")}
              </label>
            ))}
          </fieldset>
        )}
        <Failure text={failed} />
        <Button kind="primary" wide type="submit" busy={busy} class="prepare-enter" data-testid="guest-enter">
          {t("guest.enter")}
        </Button>
        <Told session={session} />
      </div>
    </form>
  );
}

function Told({ session }: { session: SessionView }) {
  return (
    <section class="shared" aria-labelledby="shared">
      <h2 id="shared">
        <Icon node={ShieldCheck} /> {t("guest.nobody")}
      </h2>
      <ul>
        <li>{t("guest.shared")}</li>
        <li>{t("guest.kept")}</li>
        {session.may_listen && <li>{t("guest.listening")}</li>}
        {session.may_record && session.recording?.state !== "on" && <li>{t("guest.recorded")}</li>}
      </ul>
    </section>
  );
}

/** Says why a guest is no longer in the conversation. */
export function Gone({ call }: Props) {
  const reason = useStore(call.client.state, (state) => state.over[call.session] ?? "other") satisfies OverReason | "other";
  const key = `guest.gone.${reason}`;
  return (
    <main class="message card" data-testid="guest-gone">
      <Icon node={DoorOpen} size={40} />
      <div role="alert">
        <h1>{t("guest.gone.title")}</h1>
        <p>{t(isRareKey(key) ? key : "guest.gone.other")}</p>
      </div>
    </main>
  );
}
