import type { StaffRole } from "../../messages";
import { may } from "../../staff/rights";
import { t as shared } from "../../staff/texts";
import { Field, Select, languages, ownName } from "../../ui";
import { type Problems, type StaffSettings } from "./api";
import { Listed } from "../listed";
import { problem } from "./problems";
import { SitesField } from "./sites-field";
import { t } from "./texts";

interface PersonFieldsProps {
  settings: StaffSettings;
  problems: Problems;
  onChange: (settings: StaffSettings) => void;
}

const ROLES: StaffRole[] = ["counselor", "professional", "supervisor", "manager", "owner", "administrator"];
const PARTS: StaffRole[] = ["counselor", "professional"];

const mayGive = (role: StaffRole) =>
  role === "administrator" ? may("organisations.change") : role === "owner" ? may("owners.change") : true;

/** Returns the roles with one role switched on or off. Switching on counselor switches off professional, and the reverse, because
 *  nobody is both. */
export const switched = (roles: StaffRole[], role: StaffRole): StaffRole[] =>
  roles.includes(role)
    ? roles.filter((one) => one !== role)
    : [...roles.filter((one) => !(PARTS.includes(role) && PARTS.includes(one))), role];

/** Returns, as a text, those settings of a member that affect how long visitors wait for a counselor, or how long counselors wait
 *  for a professional. Returns "" if the member's account is not active, or the member is neither counselor nor professional. */
export const aboutWaits = ({ roles, languages: spoken, sites, categories, texts, calls, active }: StaffSettings) =>
  active && roles.some((role) => PARTS.includes(role))
    ? JSON.stringify([roles.filter((role) => PARTS.includes(role)), spoken, sites, categories, texts, calls])
    : "";

/** The form's fields for the settings of a member of staff. */
export function PersonFields({ settings, problems, onChange }: PersonFieldsProps) {
  const change = (part: Partial<StaffSettings>) => onChange({ ...settings, ...part });
  const serves = settings.roles.some((role) => PARTS.includes(role));
  const count = (field: "texts" | "calls") => (
    <Field
      label={t(`field.${field}`)}
      type="number"
      min={0}
      value={String(settings[field])}
      error={problem(problems[field])}
      onInput={(event) => change({ [field]: Math.round(Number(event.currentTarget.value)) })}
    />
  );
  return (
    <div class="settings-fields">
      <Field
        label={t("field.name")}
        value={settings.name}
        error={problem(problems.name)}
        data-testid="person-name"
        onInput={(event) => change({ name: event.currentTarget.value })}
      />
      <Field
        label={t("field.mail")}
        hint={t("field.mail.hint")}
        type="email"
        autoComplete="off"
        maxLength={254}
        value={settings.mail}
        error={problem(problems.mail)}
        data-testid="person-mail"
        onInput={(event) => change({ mail: event.currentTarget.value })}
      />
      <Select
        label={t("field.locale")}
        value={settings.locale}
        choices={[
          { value: "", label: t("field.locale.auto") },
          ...languages().map((language) => ({ value: language, label: ownName(language) })),
        ]}
        onChange={(event) => change({ locale: event.currentTarget.value })}
      />
      <fieldset class="settings-checks">
        <legend>{t("field.roles")}</legend>
        {ROLES.filter((role) => mayGive(role) || settings.roles.includes(role)).map((role) => (
          <label key={role}>
            <input
              type="checkbox"
              checked={settings.roles.includes(role)}
              disabled={!mayGive(role)}
              data-testid={`role-${role}`}
              onChange={() => change({ roles: switched(settings.roles, role) })}
            />{" "}
            {shared(`role.${role}`)}
          </label>
        ))}
        {problem(problems.roles) && (
          <p class="field-error" role="alert">
            {problem(problems.roles)}
          </p>
        )}
      </fieldset>
      <SitesField value={settings.sites} error={problem(problems.sites)} onChange={(sites) => change({ sites })} />
      {serves && (
        <>
          <Listed
            label={t("field.speaks")}
            hint={t("field.languages.hint")}
            value={settings.languages}
            error={problem(problems.languages)}
            onChange={(spoken) => change({ languages: spoken })}
            data-testid="person-languages"
          />
          <Listed
            label={t("field.categories")}
            hint={t("field.categories.hint")}
            value={settings.categories}
            error={problem(problems.categories)}
            onChange={(categories) => change({ categories })}
          />
          {count("texts")}
          {count("calls")}
        </>
      )}
    </div>
  );
}
