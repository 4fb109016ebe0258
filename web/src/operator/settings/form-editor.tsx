import { ArrowDown, ArrowUp, Plus, X } from "lucide";
import { Button, Field, IconButton, Select, TextArea } from "../../ui";
import type { CategorySettings, FormField, Problems } from "./api";
import { useTyped } from "../use-typed";
import { choicesOf, choicesText, newField, swapped, withoutEnd } from "./form";
import { problem } from "./problems";
import { t } from "./texts";

const MOST_FIELDS = 8;
const KINDS = ["line", "text", "choice"] as const;

interface FormEditorProps {
  category: CategorySettings;
  languages: string[];
  problems: Problems;
  onChange: (form: FormField[] | null) => void;
}

/** Edits the form that visitors fill in before a conversation about this category. */
export function FormEditor({ category, languages, problems, onChange }: FormEditorProps) {
  const { form } = category;
  const here = `categories.${category.id}.form`;
  const set = (n: number, part: Partial<FormField>) =>
    onChange((form ?? []).map((one, index) => (index === n ? { ...one, ...part } : one)));
  return (
    <details class="settings-form" data-testid={`form-${category.id}`}>
      <summary>
        {t("form")} {form === null ? t("form.inherited") : t("form.count", { n: form.length })}
      </summary>
      <div class="stack">
        <Select
          label={t("form.which")}
          choices={[
            { value: "inherit", label: t(category.parent === "" ? "form.none" : "form.inherit") },
            { value: "own", label: t("form.own") },
          ]}
          value={form === null ? "inherit" : "own"}
          data-testid={`form-${category.id}-which`}
          onChange={(event) => onChange(event.currentTarget.value === "own" ? [] : null)}
        />
        {(form ?? []).map((one, n) => (
          <FieldEditor
            key={n}
            n={n}
            field={one}
            languages={languages}
            problems={problems}
            here={`${here}.${n}`}
            onChange={(part) => set(n, part)}
            onMove={(by) => onChange(swapped(form ?? [], n, by))}
            onRemove={() => onChange((form ?? []).filter((_, index) => index !== n))}
          />
        ))}
        {form !== null && form.length < MOST_FIELDS && (
          <div>
            <Button icon={Plus} data-testid={`form-${category.id}-add`} onClick={() => onChange([...form, newField(form)])}>
              {t("form.add")}
            </Button>
          </div>
        )}
      </div>
    </details>
  );
}

interface FieldEditorProps {
  n: number;
  field: FormField;
  languages: string[];
  problems: Problems;
  here: string;
  onChange: (part: Partial<FormField>) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}

function FieldEditor({ n, field, languages, problems, here, onChange, onMove, onRemove }: FieldEditorProps) {
  const number = n + 1;
  return (
    <fieldset class="settings-field" data-testid="form-field">
      <legend class="row">
        <strong>{t("form.field", { number })}</strong>
        <IconButton icon={ArrowUp} kind="quiet" label={t("form.up", { number })} onClick={() => onMove(-1)} />
        <IconButton icon={ArrowDown} kind="quiet" label={t("form.down", { number })} onClick={() => onMove(1)} />
        <IconButton icon={X} kind="quiet" label={t("form.remove", { number })} onClick={onRemove} />
      </legend>
      <div class="settings-fields">
        <div class="settings-fields settings-kind">
          {languages.map((language) => (
            <Field
              key={language}
              label={t("form.label", { language })}
              value={field.names[language] ?? ""}
              error={problem(problems[`${here}.names`])}
              maxLength={60}
              data-testid={`form-label-${language}`}
              onInput={(event) => onChange({ names: { ...field.names, [language]: event.currentTarget.value } })}
            />
          ))}
        </div>
        <Select
          label={t("form.kind")}
          choices={KINDS.map((value) => ({ value, label: t(`form.kind.${value}`) }))}
          value={field.kind}
          data-testid="form-kind"
          onChange={(event) => onChange({ kind: event.currentTarget.value as FormField["kind"] })}
        />
        {field.kind === "choice" && (
          <div class="settings-fields settings-kind">
            {languages.map((language) => (
              <Choices
                key={language}
                language={language}
                field={field}
                error={problem(problems[`${here}.choices`])}
                onChange={(choices) => onChange({ choices })}
              />
            ))}
          </div>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={field.required}
            data-testid="form-required"
            onChange={() => onChange({ required: !field.required })}
          />{" "}
          {t("form.required")}
        </label>
      </div>
    </fieldset>
  );
}

interface ChoicesProps {
  language: string;
  field: FormField;
  error: string | undefined;
  onChange: (choices: FormField["choices"]) => void;
}

/** The names of a field's choices in one language. */
function Choices({ language, field, error, onChange }: ChoicesProps) {
  const [typed, setTyped] = useTyped(choicesText(field.choices, language), withoutEnd);
  return (
    <TextArea
      label={t("form.choices", { language })}
      hint={t("form.choices.hint")}
      rows={3}
      value={typed}
      error={error}
      data-testid={`form-choices-${language}`}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        onChange(choicesOf(field.choices, language, event.currentTarget.value));
      }}
    />
  );
}
