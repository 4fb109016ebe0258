import { useEffect, useState } from "preact/hooks";
import { Button, Field } from "../../ui";
import { beginApp, confirmApp, type NewApp } from "./api";
import { RecoveryCodeList } from "./recovery-codes";
import { explain } from "./refusals";
import { t } from "./texts";

interface AppSetupProps {
  onDone: () => void;
  /** Called if the server refuses to begin the set-up. */
  onRefused: (error: unknown) => void;
}

/** Sets up an authenticator app: shows the QR code, takes the first code, and then shows the recovery codes. */
export function AppSetup({ onDone, onRefused }: AppSetupProps) {
  const [app, setApp] = useState<NewApp | null>(null);
  const [code, setCode] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  useEffect(() => {
    beginApp().then(setApp, onRefused);
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      setCodes((await confirmApp(code)).recovery_codes);
    } catch (refused) {
      setError(explain(refused));
      setCode("");
    } finally {
      setBusy(false);
    }
  };
  if (codes !== null) return <RecoveryCodeList codes={codes} onDone={onDone} />;
  if (app === null) return <div class="skeleton account-qr" role="status" aria-label={t("app.loading")} />;
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <ol class="account-steps">
        <li>
          {t("app.scan")}
          <img class="account-qr" src={`data:image/svg+xml,${encodeURIComponent(app.qr)}`} alt={t("app.qr")} />
          <details>
            <summary>{t("app.type")}</summary>
            <code class="account-secret" data-testid="app-secret">
              {app.secret}
            </code>
          </details>
        </li>
        <li>
          <Field
            label={t("app.code")}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            maxLength={10}
            value={code}
            error={error}
            data-testid="app-code"
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </li>
      </ol>
      <div class="row row-end">
        <Button kind="primary" type="submit" busy={busy} disabled={code.trim() === ""} data-testid="app-confirm">
          {t("app.confirm")}
        </Button>
      </div>
    </form>
  );
}
