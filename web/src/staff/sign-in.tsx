import { KeyRound } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Field } from "../ui";
import { hasPasskeys, signInWithPasskey, wasStopped } from "./account/passkey";
import { Forgot } from "./account/forgot";
import { explain, isRefused } from "./account/refusals";
import { ofOrganisation, signIn, waysToSignIn, type Offered, type Signed } from "./api";
import { LanguageSwitch } from "./language";
import { askedOrganisation } from "./organisation";
import { t } from "./texts";

export interface SignInProps {
  page: "console" | "operator";
  /** Why the sign-in page is shown again, for example "signed out". */
  because?: string;
  onSigned: (who: Signed) => void;
}

export function SignIn({ page, because = "", onSigned }: SignInProps) {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null); // null until the server has asked for a code
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      onSigned(await signIn(login.trim(), password, code ?? ""));
    } catch (refused) {
      if (isRefused(refused, "code_needed")) setCode("");
      else refuse(refused);
    } finally {
      setBusy(false);
    }
  };

  const [offered, setOffered] = useState<Offered>({ provider: "", mail: false });
  const [forgot, setForgot] = useState(false);
  const organisation = askedOrganisation(location.search);
  useEffect(() => {
    waysToSignIn(organisation).then(setOffered, () => undefined); // if the server does not answer, only a password and a passkey are offered
  }, []);
  const passkey = async () => {
    setError("");
    try {
      onSigned((await signInWithPasskey()) as Signed);
    } catch (refused) {
      if (!wasStopped(refused)) setError(explain(refused));
    }
  };
  const refuse = (refused: unknown) => {
    setError(explain(refused));
    if (code === null || isRefused(refused, "wrong_credentials")) setPassword("");
    setCode(code === null || isRefused(refused, "wrong_credentials") ? null : "");
  };

  if (forgot) return <Forgot login={login} onBack={() => setForgot(false)} />;
  return (
    <main class="signin">
      <form class="card signin-card" onSubmit={(event) => void submit(event)}>
        <header>
          <p class="brand">
            <span class="brand-mark" aria-hidden="true" /> Sangdam
          </p>
          <h1>
            {code !== null ? t("signin.code.title") : t(page === "operator" ? "signin.title.operator" : "signin.title.console")}
          </h1>
          <p class="dim">{t(page === "operator" ? "signin.lead.operator" : "signin.lead")}</p>
        </header>
        {because && <p class="notice">{because}</p>}
        {code !== null ? (
          <CodeField value={code} error={error} onInput={setCode} />
        ) : (
          <>
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
          </>
        )}
        <Button kind="primary" type="submit" wide busy={busy} data-testid="signin-submit">
          {t("signin.submit")}
        </Button>
        {code === null && offered.provider !== "" && (
          <a
            class="button button-plain button-wide"
            href={`/api/oidc/begin${ofOrganisation(organisation)}`}
            data-testid="signin-provider"
          >
            {t("signin.provider", { name: offered.provider })}
          </a>
        )}
        {code === null && hasPasskeys() && (
          <Button wide icon={KeyRound} data-testid="signin-passkey" onClick={() => void passkey()}>
            {t("signin.passkey")}
          </Button>
        )}
        {code !== null && (
          <Button kind="quiet" onClick={() => setCode(null)}>
            {t("signin.code.back")}
          </Button>
        )}
        {code === null && offered.mail && (
          <Button kind="quiet" onClick={() => setForgot(true)} data-testid="signin-forgot">
            {t("signin.forgot.mail")}
          </Button>
        )}
        {code === null && !offered.mail && <p class="dim signin-forgot">{t("signin.forgot")}</p>}
        <LanguageSwitch />
      </form>
    </main>
  );
}

interface CodeFieldProps {
  value: string;
  error: string;
  onInput: (code: string) => void;
}

/** A field for the code of an authenticator app, or for a recovery code. */
function CodeField({ value, error, onInput }: CodeFieldProps) {
  // Focuses the field itself: the focus is still on the button that was pressed, so the browser ignores `autofocus`.
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => frame.current?.querySelector("input")?.focus(), []);
  return (
    <div ref={frame}>
      <Field
        label={t("signin.code")}
        hint={t("signin.code.hint")}
        name="code"
        autoComplete="one-time-code"
        required
        maxLength={60}
        value={value}
        error={error}
        data-testid="signin-code"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}
