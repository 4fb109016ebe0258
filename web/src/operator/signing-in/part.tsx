import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { dateTime } from "../../staff/format";
import { sentence } from "../../staff/refusals";
import { Button, Field, toast, useLocale } from "../../ui";
import { Loaded } from "../loaded";
import { passwordLink, provider, rules, saveRules, type PasswordLink, type Rules } from "./api";
import { ProviderCard } from "./provider-card";
import { t } from "./texts";

/** How staff sign in: the rules for everybody, and links for those who forgot their password. */
export function SigningInPart() {
  useLocale();
  return (
    <div class="past">
      <Loaded what="sign-in-rules" load={rules}>
        {(found) => <SecondFactorCard rules={found} />}
      </Loaded>
      <LinkCard />
      <Loaded what="sign-in-provider" load={provider}>
        {(found) => <ProviderCard page={found} />}
      </Loaded>
    </div>
  );
}

function SecondFactorCard({ rules: loaded }: { rules: Rules }) {
  const [required, setRequired] = useState(loaded.second_factor === "required");
  const [busy, setBusy] = useState(false);
  const save = async (wanted: boolean) => {
    setBusy(true);
    try {
      setRequired((await saveRules({ second_factor: wanted ? "required" : "off" })).second_factor === "required");
      toast(t("saved"));
    } catch (error) {
      toast(sentence(error), "error");
    }
    setBusy(false);
  };
  return (
    <section class="card stack">
      <h2>{t("factor")}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={required}
          disabled={busy}
          data-testid="factor-required"
          onChange={(event) => void save(event.currentTarget.checked)}
        />{" "}
        {t("factor.required")}
      </label>
      <p class="dim">{t("factor.hint")}</p>
    </section>
  );
}

function LinkCard() {
  const locale = useLocale();
  const [login, setLogin] = useState("");
  const [made, setMade] = useState<PasswordLink | null>(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    setMade(null);
    try {
      setMade(await passwordLink(login));
    } catch (refused) {
      setError(refused instanceof ApiError && refused.reason === "not_found" ? t("link.nobody") : sentence(refused));
    }
    setBusy(false);
  };
  const copy = (link: string) =>
    void navigator.clipboard.writeText(link).then(
      () => toast(t("link.copied")),
      () => toast(t("link.not_copied"), "error"),
    );
  return (
    <section class="card stack">
      <h2>{t("link")}</h2>
      <p class="dim">{t("link.lead")}</p>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <Field
          label={t("link.login")}
          name="login"
          autoComplete="off"
          required
          maxLength={100}
          value={login}
          error={error}
          data-testid="link-login"
          onInput={(event) => setLogin(event.currentTarget.value)}
        />
        <div class="row row-end">
          <Button type="submit" busy={busy} disabled={login.trim() === ""} data-testid="link-make">
            {t("link.make")}
          </Button>
        </div>
      </form>
      {made !== null && (
        <div class="notice notice-ok stack" role="status">
          <p>{t("link.made", { time: dateTime(made.expires_at, locale) })}</p>
          <code class="account-secret" data-testid="link-made">
            {made.link}
          </code>
          <div>
            <Button onClick={() => copy(made.link)}>{t("link.copy")}</Button>
          </div>
        </div>
      )}
    </section>
  );
}
