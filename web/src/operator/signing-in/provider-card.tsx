import { Plus, Trash2 } from "lucide";
import { useState } from "preact/hooks";
import { Confirm } from "../../staff/confirm";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Failure, Field, IconButton, Select, toast, useLocale } from "../../ui";
import { type ProviderForm, type ProviderPage, type RoleRule } from "./api";
import { Listed } from "../listed";
import { t } from "./texts";

const ROLES = ["counselor", "professional", "supervisor", "manager", "owner"] as const;
const EMPTY: ProviderForm = {
  issuer: "",
  client_id: "",
  client_secret: "",
  name: "",
  scopes: "openid profile email",
  role_claim: "groups",
  roles: [{ value: "", role: "counselor" }],
  languages: [],
};

/** Returns the form with the stored settings. The client secret never comes back from the server. */
export const formOf = ({ provider }: ProviderPage): ProviderForm =>
  provider === null ? EMPTY : { ...EMPTY, ...pick(provider), client_secret: "" };

const pick = ({ issuer, client_id, name, scopes, role_claim, roles, languages }: NonNullable<ProviderPage["provider"]>) => ({
  issuer,
  client_id,
  name,
  scopes,
  role_claim,
  roles,
  languages,
});

/** Returns the form as it is sent to the server: without the spaces around the provider's address, the client id, each language
 *  and each `value` in `roles`. Leaves out empty languages, and `roles` whose `value` is empty. */
export function tidy(form: ProviderForm): ProviderForm {
  return {
    ...form,
    issuer: form.issuer.trim(),
    client_id: form.client_id.trim(),
    roles: form.roles.map(({ value, role }) => ({ value: value.trim(), role })).filter(({ value }) => value !== ""),
    languages: form.languages.map((one) => one.trim()).filter((one) => one !== ""),
  };
}

interface ProviderCardProps {
  page: ProviderPage;
  /** Whether the provider is the organisation's own one, and not that of the installation. */
  own?: boolean;
  store: (wanted: ProviderForm | null) => Promise<ProviderPage>;
}

/** Sets up the OpenID provider at which staff sign in. */
export function ProviderCard({ page: loaded, own = false, store }: ProviderCardProps) {
  useLocale();
  const [page, setPage] = useState(loaded);
  const [form, setForm] = useState(() => formOf(loaded));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const save = async (wanted: ProviderForm | null) => {
    setBusy(true);
    setError("");
    try {
      const saved = await store(wanted);
      setPage(saved);
      setForm(formOf(saved));
      toast(t("saved"));
    } catch (refused) {
      setError(sentence(refused));
    }
    setBusy(false);
  };
  const text = (
    name: "issuer" | "client_id" | "name" | "scopes" | "role_claim",
    more: { hint?: string; required?: boolean } = {},
  ) => (
    <Field
      label={t(`provider.${name}`)}
      name={name}
      autoComplete="off"
      maxLength={500}
      value={form[name]}
      data-testid={`provider-${name}`}
      onInput={(event) => setForm({ ...form, [name]: event.currentTarget.value })}
      {...more}
    />
  );
  return (
    <section class="card stack" data-testid={own ? "own-provider" : "provider"}>
      <h2>{t(own ? "provider.own" : "provider")}</h2>
      <p class="dim">{t(own ? "provider.own.lead" : "provider.lead")}</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save(tidy(form));
        }}
      >
        {text("issuer", { hint: t("provider.issuer.hint"), required: true })}
        {text("client_id", { required: true })}
        <Field
          label={t("provider.client_secret")}
          hint={page.provider?.has_secret ? t("provider.client_secret.kept") : undefined}
          type="password"
          name="client_secret"
          autoComplete="off"
          maxLength={500}
          value={form.client_secret}
          data-testid="provider-client_secret"
          onInput={(event) => setForm({ ...form, client_secret: event.currentTarget.value })}
        />
        {text("name", { hint: t("provider.name.hint") })}
        {text("scopes", { hint: t("provider.scopes.hint") })}
        {text("role_claim", { hint: t("provider.role_claim.hint"), required: true })}
        <Roles roles={form.roles} onChange={(roles) => setForm({ ...form, roles })} />
        <Listed
          label={t("provider.languages")}
          hint={t("provider.languages.hint")}
          value={form.languages}
          data-testid="provider-languages"
          onChange={(languages) => setForm({ ...form, languages })}
        />
        {own && page.provider !== null && (
          <div>
            <p class="dim">{t("provider.own.pages")}</p>
            {page.pages.map((one) => (
              <code key={one} class="account-secret">
                {one}
              </code>
            ))}
          </div>
        )}
        <details>
          <summary>{t("provider.register")}</summary>
          <p class="dim">{t("provider.callbacks")}</p>
          {page.callbacks.map((one) => (
            <code key={one} class="account-secret">
              {one}
            </code>
          ))}
          <p class="dim">{t("provider.logout")}</p>
          <code class="account-secret">{page.logout}</code>
        </details>
        <Failure text={error} />
        <div class="row row-end">
          {page.provider !== null && (
            <Button kind="danger" disabled={busy} data-testid="provider-remove" onClick={() => setRemoving(true)}>
              {t("provider.remove")}
            </Button>
          )}
          <Button kind="primary" type="submit" busy={busy} data-testid="provider-save">
            {t("provider.save")}
          </Button>
        </div>
      </form>
      {removing && (
        <Confirm
          title={t("provider.remove.title")}
          yes={t("provider.remove")}
          testid="provider-remove-confirm"
          onYes={() => save(null).then(() => true)}
          onClose={() => setRemoving(false)}
        >
          <p>{t("provider.remove.text")}</p>
        </Confirm>
      )}
    </section>
  );
}

function Roles({ roles, onChange }: { roles: RoleRule[]; onChange: (roles: RoleRule[]) => void }) {
  const change = (at: number, part: Partial<RoleRule>) =>
    onChange(roles.map((one, index) => (index === at ? { ...one, ...part } : one)));
  return (
    <fieldset class="provider-roles">
      <legend class="field-label">{t("provider.roles")}</legend>
      <p class="dim">{t("provider.roles.hint")}</p>
      {roles.map((rule, index) => (
        <div key={index} class="provider-role">
          <Field
            label={t("provider.value")}
            autoComplete="off"
            maxLength={200}
            value={rule.value}
            data-testid="provider-value"
            onInput={(event) => change(index, { value: event.currentTarget.value })}
          />
          <Select
            label={t("provider.role")}
            value={rule.role}
            choices={ROLES.map((role) => ({ value: role, label: shared(`role.${role}`) }))}
            onChange={(event) => change(index, { role: event.currentTarget.value as RoleRule["role"] })}
          />
          <IconButton
            icon={Trash2}
            kind="quiet"
            label={t("provider.role.remove")}
            onClick={() => onChange(roles.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <div>
        <Button icon={Plus} onClick={() => onChange([...roles, { value: "", role: "counselor" }])}>
          {t("provider.role.add")}
        </Button>
      </div>
    </fieldset>
  );
}
