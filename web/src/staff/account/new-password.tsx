import { useState } from "preact/hooks";
import { Button } from "../../ui";
import { LanguageSwitch } from "../language";
import { resetPassword } from "./api";
import { Lead } from "./lead";
import { LEAST_PASSWORD, NewPasswordField } from "./password";
import { explain } from "./refusals";
import { t } from "./texts";

/** The purpose of a one-time link: to set a password, to end a sign-in by somebody else, or to confirm a mail address. */
export type LinkMark = "new-password" | "not-me" | "confirm-mail";

/** Returns the token of a one-time link in the page's address, and removes it from the address and the history. */
export function takeLinkToken(mark: LinkMark): string {
  const begin = `#${mark}=`;
  if (!location.hash.startsWith(begin)) return "";
  const token = location.hash.slice(begin.length);
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

interface NewPasswordProps {
  token: string;
  /** Called to show the sign-in page, with the sentence `because` above the form. */
  onDone: (because: string) => void;
}

/** The page that a one-time link opens, on which a person sets a new password. */
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
        <Lead title={t("link.title")} text={t("link.lead")} />
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
