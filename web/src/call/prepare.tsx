import { Mic, MicOff, ShieldCheck } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { failureText } from "../room/failures";
import { DeviceTest } from "../room/device-test";
import { useDraft } from "../room/use-draft";
import { Button } from "../ui/button";
import { Field } from "../ui/field";
import { Icon } from "../ui/icon";
import { useStore } from "../ui/store";
import type { Call } from "./call";
import { Logo } from "./logo";
import { isCalled } from "./screen";
import { t } from "./words";

/** The screen before the call: the visitor's own picture, a microphone level, what the visitor shares, and the button to
 *  enter. */
export function Prepare({ call, session }: { call: Call; session: SessionView }) {
  const { channel } = call.handoff;
  const you = session.participants.find((one) => one.id === session.you);
  const [name, setName, nameSent] = useDraft(call.client, `${session.id} name`);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const resting = useStore(call.resting);
  const bare = useStore(
    call.devices.state,
    ({ mic, camera, asking }) => !asking && !mic.track && !camera.track && mic.problem !== "",
  );
  const enter = async () => {
    setBusy(true);
    setFailed("");
    try {
      await call.enter(name.trim());
      nameSent();
    } catch (error) {
      setFailed(failureText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class={`prepare prepare-${channel}`}
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      {channel !== "text" && (
        <div class="card prepare-devices">
          {resting ? (
            <Resting call={call} />
          ) : (
            <DeviceTest devices={call.devices} preview={channel === "video"} camera={channel === "video"} folded />
          )}
        </div>
      )}
      <div class="prepare-side">
        <header>
          <Logo site={session.site} />
          <p class="prepare-about">{t("prepare.about", { site: session.site.name, category: session.category.name })}</p>
          <h1>
            {isCalled(session)
              ? t("prepare.called", { name: session.participants.find((one) => one.owner)?.name ?? "" })
              : t("prepare.title")}
          </h1>
        </header>
        {you?.name === "" && session.state === "preparing" && (
          <Field
            label={t("prepare.name")}
            hint={t("prepare.nameHint")}
            value={name}
            maxLength={60}
            autoComplete="name"
            onInput={(event) => setName(event.currentTarget.value)}
            data-testid="call-name"
          />
        )}
        {failed && (
          <p class="notice notice-danger" role="alert">
            {t("prepare.failed", { message: failed })}
          </p>
        )}
        <Button kind="primary" wide type="submit" busy={busy} class="prepare-enter" data-testid="call-enter">
          {t(`prepare.enter.${channel}`)}
        </Button>
        {bare && <p class="field-hint">{t("prepare.without")}</p>}
        <Shared session={session} channel={channel} />
      </div>
    </form>
  );
}

/** Shown instead of the devices while they are kept off (`Call.resting`). A press turns microphone and camera on. */
function Resting({ call }: { call: Call }) {
  return (
    <div class="resting" data-testid="devices-rest">
      <Icon node={MicOff} size={32} />
      <p>{t(`prepare.resting.${call.handoff.channel === "video" ? "video" : "voice"}`)}</p>
      <Button icon={Mic} onClick={() => void call.wake()} data-testid="devices-wake">
        {t("prepare.wake")}
      </Button>
    </div>
  );
}

function Shared({ session, channel }: { session: SessionView; channel: "text" | "voice" | "video" }) {
  return (
    <section class="shared" aria-labelledby="shared">
      <h2 id="shared">
        <Icon node={ShieldCheck} /> {t("prepare.shared")}
      </h2>
      <ul>
        <li>{t(`prepare.shared.${channel}`)}</li>
        <li>{t("prepare.shared.page")}</li>
        <li>{t("prepare.shared.professional")}</li>
        {session.may_listen && <li data-testid="may-listen">{t("prepare.shared.listening")}</li>}
        <li>{t("prepare.shared.kept")}</li>
        {channel !== "text" && (
          <li data-testid="may-record">{t(session.may_record ? "prepare.shared.recorded" : "prepare.shared.unrecorded")}</li>
        )}
        {session.may_record && session.site.recording_notice && <li>{session.site.recording_notice}</li>}
      </ul>
      {session.site.privacy_url && (
        <a href={session.site.privacy_url} target="_blank" rel="noreferrer">
          {t("prepare.privacy", { site: session.site.name })}
        </a>
      )}
    </section>
  );
}
