import { useState } from "preact/hooks";
import { Button, Field } from "../ui";
import { ApiError, signIn, type Signed } from "./api";
import { clock } from "./format";
import { LanguageSwitch } from "./language";
import { sentence } from "./refusals";
import { t } from "./texts";

/** Returns the sentence for a refused sign-in. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t("error.generic");
  if (error.reason === "unreachable") return t("signin.unreachable");
  if (error.status === 429) {
    return error.retry_after_s === null
      ? t("signin.throttled.soon")
      : t("signin.throttled", { wait: clock(error.retry_after_s) });
  }
  if (error.status === 401) return t("signin.wrong");
  return sentence(error);
}

export interface SignInProps {
  page: "console" | "operator";
  /** Why the sign-in is shown again, for example "signed out". */
  because?: string;
  onSigned: (who: Signed) => void;
}

export function SignIn({ page, because = "", onSigned }: SignInProps) {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      onSigned(await signIn(login.trim(), password));
    } catch (refused) {
      setError(explain(refused));
      setPassword("");
    } finally {
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
          <h1>{t(page === "operator" ? "signin.title.operator" : "signin.title.console")}</h1>
          <p class="dim">{t(page === "operator" ? "signin.lead.operator" : "signin.lead")}</p>
        </header>
        {because && <p class="notice">{because}</p>}
        <Field
          label={t("signin.login")}
          name="login"
          autoComplete="username"
          autoFocus
          required
          maxLength={100}
          value={login}
          data-testid="signin-login"
          onInput={(event) => setLogin(event.currentTarget.value)}
        />
        <Field
          label={t("signin.password")}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={200}
          value={password}
          error={error}
          data-testid="signin-password"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Button kind="primary" type="submit" wide busy={busy} data-testid="signin-submit">
          {t("signin.submit")}
        </Button>
        <LanguageSwitch />
      </form>
    </main>
  );
}
