import { useState } from "preact/hooks";
import { Field, Select } from "../../ui";
import type { Plan, Sender, SiteMail } from "./api";
import { ownLanguage } from "./named";
import { t } from "./texts";

const NOTHING: Sender = { sender: "", from_address: "", reply_to: "" };

interface FieldsProps {
  value: Sender;
  /** The values that are used where a field is empty. */
  standard: Sender;
  hints: Partial<Sender>;
  /** Whether the server allows a site to have a from-address other than the server's own. */
  withFrom: boolean;
  id: string;
  onChange: (part: Partial<Sender>) => void;
}

/** The fields of the sender of a site's mails. */
export function SenderFields({ value, standard, hints, withFrom, id, onChange }: FieldsProps) {
  return (
    <>
      <Field
        label={t("plan.sender")}
        hint={hints.sender}
        value={value.sender}
        placeholder={standard.sender}
        maxLength={60}
        data-testid={`mail-sender-of-${id}`}
        onInput={(event) => onChange({ sender: event.currentTarget.value })}
      />
      {withFrom && (
        <Field
          label={t("plan.from")}
          hint={hints.from_address}
          type="email"
          value={value.from_address}
          placeholder={standard.from_address}
          maxLength={254}
          data-testid={`mail-from-of-${id}`}
          onInput={(event) => onChange({ from_address: event.currentTarget.value })}
        />
      )}
      <Field
        label={t("plan.reply_to")}
        hint={hints.reply_to}
        type="email"
        value={value.reply_to}
        placeholder={standard.reply_to}
        maxLength={254}
        data-testid={`mail-reply-to-of-${id}`}
        onInput={(event) => onChange({ reply_to: event.currentTarget.value })}
      />
    </>
  );
}

interface Props {
  site: SiteMail;
  plan: Plan;
  withFrom: boolean;
  onChange: (senders: Plan["senders"]) => void;
}

/** Edits the sender of the mails in one language. For an empty field, the value for all languages is used. */
export function LanguageSenders({ site, plan, withFrom, onChange }: Props) {
  const [language, setLanguage] = useState(site.languages[0] ?? "en");
  const own = plan.senders[language] ?? NOTHING;
  const has = (one: string) => Object.values(plan.senders[one] ?? NOTHING).some((value) => value !== "");
  return (
    <div class="stack" data-testid={`senders-of-${site.id}`}>
      <Select
        label={t("wording.language")}
        hint={t("senders.hint")}
        value={language}
        choices={site.languages.map((value) => ({ value, label: (has(value) ? "• " : "") + ownLanguage(value) }))}
        data-testid={`senders-language-of-${site.id}`}
        onChange={(event) => setLanguage(event.currentTarget.value)}
      />
      <SenderFields
        key={language}
        id={`${site.id}-${language}`}
        value={own}
        standard={{ ...plan, sender: plan.sender || site.name, from_address: plan.from_address || site.own_from }}
        hints={{}}
        withFrom={withFrom}
        onChange={(part) => onChange({ ...plan.senders, [language]: { ...own, ...part } })}
      />
    </div>
  );
}
