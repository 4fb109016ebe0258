import { useState } from "preact/hooks";
import { Button, Field } from "../../ui";
import { LanguageSwitch } from "../language";
import { forgotPassword } from "./api";
import { Lead } from "./lead";
import { explain } from "./refusals";
import { t } from "./texts";

interface ForgotProps {
  /** The login that the person has typed on the sign-in page. */
  login: string;
  onBack: () => void;
}

/** Asks for a link for a new password by mail. The answer is the same whether there is such an account or not. */
export function Forgot({ login: typed, onBack }: ForgotProps) {
  const [login, setLogin] = useState(typed);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await forgotPassword(login.trim());
      setAsked(true);
    } catch (refused) {
      setError(explain(refused));
    }
    setBusy(false);
  };
  return (
    <main class="signin">
      <form class="card signin-card" onSubmit={(event) => void submit(event)}>
        <Lead title={t(asked ? "forgot.sent" : "forgot.title")} text={t(asked ? "forgot.sent.lead" : "forgot.lead")} />
        {!asked && (
          <>
            <Field
              label={t("forgot.login")}
              name="login"
              autoComplete="username"
              autoFocus
              required
              maxLength={254}
              value={login}
              error={error}
              data-testid="forgot-login"
              onInput={(event) => setLogin(event.currentTarget.value)}
            />
            <Button kind="primary" type="submit" wide busy={busy} disabled={login.trim() === ""} data-testid="forgot-send">
              {t("forgot.send")}
            </Button>
          </>
        )}
        <Button kind={asked ? "primary" : "quiet"} wide={asked} onClick={onBack} data-testid="forgot-back">
          {t("link.cancel")}
        </Button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
