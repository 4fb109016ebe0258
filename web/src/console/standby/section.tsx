import { useState } from "preact/hooks";
import { canPush, isDenied, type PushFailed } from "../../room/push/subscribe";
import { Button, useLocale, useStore } from "../../ui";
import { standsBy, turnOff, turnOn } from "./standby";
import { isKey, t, type Key } from "./texts";

/** Turns on and off the pushes that announce rings while the console is closed. Explains these pushes before the browser asks for
 *  permission. */
export function StandBySection({ me }: { me: string }) {
  useLocale();
  const on = useStore(standsBy);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const run = (work: Promise<void>) => {
    setBusy(true);
    setFailed("");
    void work
      .catch((error: unknown) => {
        const key: Key = `failed.${(error as PushFailed).reason}`;
        setFailed(t(isKey(key) ? key : "failed.failed"));
      })
      .then(() => setBusy(false));
  };
  return (
    <section data-testid="stand-by">
      <h3>{t("title")}</h3>
      <p class="dim">{t("lead")}</p>
      <p role="status">{t(on ? "on" : "off")}</p>
      {!canPush() && <p class="dim">{t("cannot")}</p>}
      {canPush() && isDenied() && <p class="dim">{t("failed.denied")}</p>}
      {failed !== "" && (
        <p class="field-error" role="alert">
          {failed}
        </p>
      )}
      {on && (
        <p>
          <Button busy={busy} onClick={() => run(turnOff())} data-testid="stand-by-off">
            {t("turn_off")}
          </Button>
        </p>
      )}
      {!on && canPush() && !isDenied() && (
        <p>
          <Button busy={busy} onClick={() => run(turnOn(me))} data-testid="stand-by-on">
            {t("turn_on")}
          </Button>
        </p>
      )}
    </section>
  );
}
