import { useState } from "preact/hooks";
import { Button } from "../../ui";
import { LanguageSwitch } from "../language";
import { resetPassword } from "./api";
import { LEAST_PASSWORD, NewPasswordField } from "./password";
import { explain } from "./refusals";
import { t } from "./texts";

const MARK = "#new-password=";

/** Returns the token of a one-time link in the page's address, and removes it from the address and the history. */
export function takeLinkToken(): string {
  if (!location.hash.startsWith(MARK)) return "";
  const token = location.hash.slice(MARK.length);
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

interface NewPasswordProps {
  token: string;
  /** Shows the sign-in, with a sentence above it. */
  onDone: (because: string) => void;
}

/** Sets a new password by a one-time link. */
export function NewPassword({ token, onDone }: NewPasswordProps) {
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      const { login } = await resetPassword(token, password);
      onDone(t("link.done", { login }));
    } catch (refused) {
      setError(explain(refused));
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form class="card signin-card" onSubmit={(event) => void submit(event)}>
        <header>
          <p class="brand">
            <span class="brand-mark" aria-hidden="true" /> Sangdam
          </p>
          <h1>{t("link.title")}</h1>
          <p class="dim">{t("link.lead")}</p>
        </header>
        <NewPasswordField value={password} error={error} autoFocus onInput={setPassword} />
        <Button kind="primary" type="submit" wide busy={busy} disabled={password.length < LEAST_PASSWORD} data-testid="link-save">
          {t("password.save")}
        </Button>
        <Button kind="quiet" onClick={() => onDone("")}>
          {t("link.cancel")}
        </Button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
