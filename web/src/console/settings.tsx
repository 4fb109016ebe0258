import { BellRing } from "lucide";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Devices } from "../room/devices";
import { DeviceTest } from "../room/device-test";
import type { StaffMe } from "../messages";
import type { RoomLink } from "../room/room-link";
import { Button, Dialog, useStore } from "../ui";
import { LanguageSwitch } from "../staff/language";
import type { Actions } from "./actions";
import { askPermission, permission } from "./notify";
import { lazy } from "../room/lazy";
import { NEWS, prefs, setPrefs } from "../staff/prefs";
import type { Ringer } from "./ringer";
import { t } from "../staff/texts";

function RingSettings({ ringer }: { ringer: Ringer }) {
  const { ringVolume, ringMuted } = useStore(prefs);
  return (
    <section>
      <h3>{t("set.ring")}</h3>
      <div class="row">
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={ringVolume}
          disabled={ringMuted}
          aria-label={t("set.ring.volume")}
          onInput={(event) => setPrefs({ ringVolume: event.currentTarget.valueAsNumber })}
        />
        <Button icon={BellRing} disabled={ringMuted} onClick={() => void ringer.unlock().then(() => ringer.once(ringVolume))}>
          {t("set.ring.try")}
        </Button>
      </div>
      <label class="check">
        <input type="checkbox" checked={ringMuted} onChange={(event) => setPrefs({ ringMuted: event.currentTarget.checked })} />{" "}
        {t("set.ring.mute")}
      </label>
    </section>
  );
}

const StandBySection = lazy(
  () => import("./standby/section"),
  (module) => module.StandBySection,
  { name: "lazy.loading" },
);

/** Lets this person choose how the console announces a new line that they do not see. */
function NewsSettings() {
  const chosen = useStore(prefs);
  const offered = NEWS.filter((one) => one !== "newBadge" || "setAppBadge" in navigator);
  return (
    <section>
      <h3>{t("set.news")}</h3>
      <p class="dim">{t("set.news.hint")}</p>
      {offered.map((one) => (
        <label key={one} class="check">
          <input
            type="checkbox"
            checked={chosen[one]}
            data-testid={`set-${one}`}
            onChange={(event) => setPrefs({ [one]: event.currentTarget.checked })}
          />{" "}
          {t(`set.${one}`)}
        </label>
      ))}
    </section>
  );
}

function NotifySettings() {
  const [now, setNow] = useState(permission);
  if (now === "unsupported") return null;
  return (
    <section>
      <h3>{t("set.notify")}</h3>
      {now === "granted" && <p class="dim">{t("set.notify.on")}</p>}
      {now === "denied" && <p class="dim">{t("set.notify.denied")}</p>}
      {now === "default" && (
        <p>
          <Button onClick={() => void askPermission().then(setNow)}>{t("set.notify.ask")}</Button>
        </p>
      )}
    </section>
  );
}

/** Tests devices before a call: opens them for the test and closes them afterwards. */
function TestDevices() {
  const devices = useMemo(() => new Devices(), []);
  useEffect(() => {
    void devices.start({ mic: true, camera: false });
    return () => devices.close();
  }, [devices]);
  return <DeviceTest devices={devices} preview />;
}

/** Lets this person choose whether new text requests ring during a call. Shown only to staff who take both text sessions and
 *  calls. */
function CapacitySettings({ me, actions }: { me: StaffMe; actions: Actions }) {
  if (me.most_texts === 0 || me.most_calls === 0) return null;
  return (
    <section>
      <h3>{t("set.capacity")}</h3>
      <p class="dim">{t("set.capacity.hint", { texts: me.most_texts, calls: me.most_calls })}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={me.texts_in_call}
          data-testid="texts-in-call"
          onChange={(event) => void actions.setTextsInCall(event.currentTarget.checked)}
        />{" "}
        {t("set.capacity.in_call")}
      </label>
    </section>
  );
}

interface SettingsProps {
  me: StaffMe;
  actions: Actions;
  /** The room of the present call; null without a call. During a call, the settings show the call's devices instead of a test. */
  link: RoomLink | null;
  ringer: Ringer;
  onAccount: () => void;
  onClose: () => void;
}

export function Settings({ me, actions, link, ringer, onAccount, onClose }: SettingsProps) {
  const inCall = link !== null && link.devices.state.get().mic.track !== null;
  return (
    <Dialog title={t("settings")} closeLabel={t("close")} onClose={onClose} data-testid="settings">
      <div class="settings">
        <section>
          <h3>{t("set.devices")}</h3>
          <p class="dim">{t("set.devices.hint")}</p>
          {inCall ? <DeviceTest devices={link.devices} /> : <TestDevices />}
        </section>
        <CapacitySettings me={me} actions={actions} />
        <RingSettings ringer={ringer} />
        <NewsSettings />
        <NotifySettings />
        <StandBySection me={me.id} />
        <section>
          <h3>{t("account")}</h3>
          <div>
            <Button onClick={onAccount} data-testid="account-open">
              {t("account.open")}
            </Button>
          </div>
        </section>
        <section>
          <h3>{t("set.language")}</h3>
          <div>
            <LanguageSwitch />
          </div>
        </section>
      </div>
    </Dialog>
  );
}
