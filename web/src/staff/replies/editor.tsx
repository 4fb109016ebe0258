import { useRef, useState } from "preact/hooks";
import { Button, Field, Select, TextArea, useLocale } from "../../ui";
import { languageName } from "../format";
import { sentence } from "../refusals";
import { t as words } from "../texts";
import type { NewReply } from "./api";
import { t } from "./texts";
import { VARIABLES, type Variable } from "./variables";

interface EditorProps {
  reply: NewReply;
  languages: string[];
  /** Saves the reply. Rejects with the server's refusal. */
  onSave: (reply: NewReply) => Promise<void>;
  onCancel: () => void;
}

/** The form for one saved reply. */
export function ReplyEditor({ reply, languages, onSave, onCancel }: EditorProps) {
  const locale = useLocale();
  const [draft, setDraft] = useState(reply);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<NewReply>) => setDraft({ ...draft, ...part });
  const save = async () => {
    setBusy(true);
    setFailed("");
    try {
      await onSave({ id: draft.id, language: draft.language, title: draft.title.trim(), text: draft.text.trim() });
    } catch (error) {
      setFailed(sentence(error));
      setBusy(false);
    }
  };
  const insert = (variable: Variable) => {
    const area = form.current?.querySelector("textarea");
    if (!area) return;
    area.setRangeText(`{${variable}}`, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    change({ text: area.value });
  };
  return (
    <form
      ref={form}
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field
        label={t("field.title")}
        value={draft.title}
        maxLength={80}
        required
        autoFocus
        data-testid="reply-title"
        onInput={(event) => change({ title: event.currentTarget.value })}
      />
      <TextArea
        label={t("field.text")}
        value={draft.text}
        rows={5}
        maxLength={4000}
        required
        data-testid="reply-text"
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <p class="field-hint replies-variables">
        {t("field.text.hint")}{" "}
        {VARIABLES.map((variable) => (
          <button key={variable} type="button" class="pill" onClick={() => insert(variable)}>
            {t(`variable.${variable}`)} <code>{`{${variable}}`}</code>
          </button>
        ))}
      </p>
      <Select
        label={t("field.language")}
        value={draft.language}
        choices={[
          { value: "", label: t("field.language.any") },
          ...languages.map((value) => ({ value, label: languageName(value, locale) })),
        ]}
        onChange={(event) => change({ language: event.currentTarget.value })}
      />
      {failed && (
        <p class="notice notice-danger" role="alert">
          {failed}
        </p>
      )}
      <div class="row row-end">
        <Button kind="quiet" onClick={onCancel}>
          {words("cancel")}
        </Button>
        <Button kind="primary" type="submit" busy={busy} data-testid="reply-save">
          {t("save")}
        </Button>
      </div>
    </form>
  );
}
