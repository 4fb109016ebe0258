import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { get } from "../staff/api";
import { t } from "../staff/texts";
import { locale, Select } from "../ui";

interface Named {
  id: string;
  name: string;
}

/** The outcomes, tags and templates that the site offers in this session's category. */
interface Choices {
  outcomes: Named[];
  required: boolean;
  tags: Named[];
  templates: { title: string; text: string }[];
}

interface ChoicesProps {
  session: SessionView;
  outcome: string;
  tags: string[];
  /** The present text of the notes. When somebody chooses a template, the template is appended to this text. */
  text: string;
  onChange: (change: { outcome?: string; tags?: string[]; text?: string }) => void;
}

function useChoices(session: SessionView): { choices: Choices | null; failed: boolean } {
  const [found, setFound] = useState<{ choices: Choices | null; failed: boolean }>({ choices: null, failed: false });
  useEffect(() => {
    const query = new URLSearchParams({ category: session.category.id, lang: locale() });
    get(`/api/sites/${encodeURIComponent(session.site.id)}/wrap-up?${query.toString()}`).then(
      (choices) => setFound({ choices: choices as Choices, failed: false }),
      () => setFound({ choices: null, failed: true }),
    );
  }, [session.state]); // load the choices again when the conversation ends, because an operator might have changed them
  return found;
}

/** Lets the counselor choose among the site's outcomes, tags and templates. Nothing is chosen at first. Tags and templates
 *  appear when the conversation has ended. */
export function WrapUpChoices({ session, outcome, tags, text, onChange }: ChoicesProps) {
  const { choices, failed } = useChoices(session);
  if (failed) return <p class="notice notice-warn">{t("wrap.failed")}</p>;
  if (choices === null) return null;
  const over = session.state === "after";
  return (
    <>
      <Select
        label={t("wrap.outcome")}
        value={outcome}
        required={choices.required && over}
        choices={[
          { value: "", label: t("wrap.outcome.none") },
          ...choices.outcomes.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        data-testid="wrapup-outcome"
        onChange={(event) => onChange({ outcome: event.currentTarget.value })}
      />
      {over && choices.tags.length > 0 && <Tags all={choices.tags} chosen={tags} onChange={(next) => onChange({ tags: next })} />}
      {over && choices.templates.length > 0 && (
        <Select
          label={t("wrap.template")}
          value=""
          choices={[
            { value: "", label: t("wrap.template.none") },
            ...choices.templates.map(({ title }, n) => ({ value: String(n), label: title })),
          ]}
          data-testid="wrapup-template"
          onChange={(event) => {
            const template = choices.templates[Number(event.currentTarget.value)];
            if (event.currentTarget.value !== "" && template)
              onChange({ text: [text.trimEnd(), template.text].filter(Boolean).join("\n\n") });
            event.currentTarget.value = "";
          }}
        />
      )}
    </>
  );
}

function Tags({ all, chosen, onChange }: { all: Named[]; chosen: string[]; onChange: (tags: string[]) => void }) {
  return (
    <fieldset class="wrapup-pills">
      <legend class="field-label">{t("wrap.tags")}</legend>
      {all.map(({ id, name }) => (
        <label key={id} class="wrapup-pill" data-testid={`wrapup-tag-${id}`}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, id] : chosen.filter((one) => one !== id))}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
