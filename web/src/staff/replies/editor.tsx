import { useRef, useState } from "preact/hooks";
import { Button, Failure, Field, Select, TextArea, useLocale } from "../../ui";
import { languageName } from "../format";
import { anyText } from "../../room/words";
import { ApiError } from "../api";
import { sentence } from "../refusals";
import { t as words } from "../texts";
import type { NewReply, ReplyShelf, SavedReply } from "./api";
import { ReplyPictures, type PictureChanges } from "./pictures";
import { t } from "./texts";
import { VARIABLES, type Variable } from "./variables";

interface EditorProps {
  shelf: ReplyShelf;
  reply: NewReply & Pick<SavedReply, "pictures">;
  languages: string[];
  /** Called when the reply and its pictures are stored. */
  onSaved: () => Promise<void>;
  onCancel: () => void;
}

/** The form in which a person writes or changes one saved reply. */
export function ReplyEditor({ shelf, reply, languages, onSaved, onCancel }: EditorProps) {
  const locale = useLocale();
  const [draft, setDraft] = useState<NewReply>(reply);
  const [pictures, setPictures] = useState<PictureChanges>({ kept: reply.pictures, removed: [], added: [] });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<NewReply>) => setDraft({ ...draft, ...part });
  const save = async () => {
    setBusy(true);
    setFailed("");
    try {
      const { id } = await shelf.save({
        id: draft.id,
        language: draft.language,
        title: draft.title.trim(),
        text: draft.text.trim(),
      });
      // the reply is stored now: if a picture is refused, the next try changes this reply and does not make another reply
      change({ id });
      await storePictures(shelf, id, pictures, setPictures);
      await onSaved();
    } catch (error) {
      setFailed((error instanceof ApiError && anyText(`picture.${error.reason}`)) || sentence(error));
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
      <ReplyPictures changes={pictures} onChange={setPictures} />
      <Select
        label={t("field.language")}
        value={draft.language}
        choices={[
          { value: "", label: t("field.language.any") },
          ...languages.map((value) => ({ value, label: languageName(value, locale) })),
        ]}
        onChange={(event) => change({ language: event.currentTarget.value })}
      />
      <Failure text={failed} />
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

/** Stores the changes of a reply's pictures one after the other. After a refusal, the next try begins with the refused
 *  picture. */
async function storePictures(
  shelf: ReplyShelf,
  reply: string,
  { kept, removed, added }: PictureChanges,
  onChange: (changes: PictureChanges) => void,
): Promise<void> {
  for (const [n, picture] of removed.entries()) {
    await shelf.removePicture(reply, picture);
    onChange({ kept, removed: removed.slice(n + 1), added });
  }
  for (const [n, file] of added.entries()) {
    const { picture } = await shelf.addPicture(reply, file);
    kept = [...kept, picture];
    onChange({ kept, removed: [], added: added.slice(n + 1) });
  }
}
