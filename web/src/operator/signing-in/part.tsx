import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { dateTime } from "../../staff/format";
import { sentence } from "../../staff/refusals";
import { may } from "../../staff/rights";
import { Button, Field, toast, useLocale } from "../../ui";
import { Loaded } from "../loaded";
import {
  ownProvider,
  ownRules,
  passwordLink,
  provider,
  rules,
  saveOwnProvider,
  saveOwnRules,
  saveProvider,
  saveRules,
  type PasswordLink,
} from "./api";
import { ProviderCard } from "./provider-card";
import { RulesCard } from "./rules-card";
import { t } from "./texts";

/** The part of the operators' page about how staff sign in: rules, the provider, and links for people who forgot their
 *  password. */
export function SigningInPart() {
  useLocale();
  const everybody = may("sign_in.change");
  return (
    <div class="past">
      {everybody && (
        <Loaded what="sign-in-rules" load={rules}>
          {(found) => (
            <RulesCard
              title={t("rules")}
              rules={found.rules}
              hasProvider={found.has_provider}
              save={saveRules}
              newest={() => rules().then((page) => page.rules)}
            />
          )}
        </Loaded>
      )}
      <Loaded what="own-sign-in-rules" load={ownRules}>
        {({ own, installation, alone, has_provider }) =>
          !(everybody && alone) && (
            <RulesCard
              title={alone ? t("rules") : t("rules.own")}
              rules={own}
              least={installation}
              hasProvider={has_provider}
              save={saveOwnRules}
              newest={() => ownRules().then((page) => page.own)}
            />
          )
        }
      </Loaded>
      <LinkCard />
      {everybody && (
        <Loaded what="sign-in-provider" load={provider}>
          {(found) => <ProviderCard page={found} store={saveProvider} />}
        </Loaded>
      )}
      <Loaded what="own-sign-in-provider" load={() => Promise.all([ownRules(), ownProvider()])}>
        {([{ alone }, found]) => !(everybody && alone) && <ProviderCard page={found} own store={saveOwnProvider} />}
      </Loaded>
    </div>
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
