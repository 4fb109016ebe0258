import { useState } from "preact/hooks";
import { Button, Failure, useLocale } from "../../ui";
import { signOut } from "../api";
import { LanguageSwitch } from "../language";
import { addPasskey, hasPasskeys, wasStopped } from "./passkey";
import { AppSetup } from "./app-setup";
import { Prove } from "./prove";
import { explain, isRefused } from "./refusals";
import { t } from "./texts";

interface SetUpProps {
  onDone: () => void;
  onSignedOut: (because: string) => void;
}

/** Makes a person set up a second factor before they can work, because the operator requires one. */
export function SetUp({ onDone, onSignedOut }: SetUpProps) {
  useLocale();
  const [doing, setDoing] = useState<"choosing" | "app" | "proving">(hasPasskeys() ? "choosing" : "app");
  const [error, setError] = useState("");
  const passkey = () =>
    void addPasskey(t("passkeys.name")).then(onDone, (refused: unknown) => {
      if (isRefused(refused, "prove_first")) setDoing("proving");
      else if (!wasStopped(refused)) setError(explain(refused));
    });
  const leave = (because: string) =>
    void signOut()
      .catch(() => undefined)
      .then(() => onSignedOut(because));
  return (
    <main class="signin">
      <div class="card signin-card">
        <header>
          <p class="brand">
            <span class="brand-mark" aria-hidden="true" /> Sangdam
          </p>
          <h1>{t("setup.title")}</h1>
          <p class="dim">{t("setup.lead")}</p>
        </header>
        {doing === "choosing" && (
          <div class="stack">
            <Button kind="primary" wide data-testid="setup-passkey" onClick={passkey}>
              {t("setup.passkey")}
            </Button>
            <Button wide data-testid="setup-app" onClick={() => setDoing("app")}>
              {t("setup.app")}
            </Button>
            <Failure text={error} />
          </div>
        )}
        {doing === "proving" && (
          <Prove onProved={() => setDoing(hasPasskeys() ? "choosing" : "app")} onCancel={() => leave("")} />
        )}
        {doing === "app" && (
          <AppSetup
            onDone={onDone}
            onRefused={(refused) => (isRefused(refused, "prove_first") ? setDoing("proving") : leave(explain(refused)))}
          />
        )}
        <Button kind="quiet" onClick={() => leave("")}>
          {t("setup.leave")}
        </Button>
        <LanguageSwitch />
      </div>
    </main>
  );
}
