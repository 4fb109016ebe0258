import { useState } from "preact/hooks";
import { Button, useLocale } from "../../ui";
import { signOut } from "../api";
import { LanguageSwitch } from "../language";
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
  const [proving, setProving] = useState(false);
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
        {proving ? (
          <Prove onProved={() => setProving(false)} onCancel={() => leave("")} />
        ) : (
          <AppSetup
            onDone={onDone}
            onRefused={(error) => (isRefused(error, "prove_first") ? setProving(true) : leave(explain(error)))}
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
