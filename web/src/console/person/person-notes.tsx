import { useState } from "preact/hooks";
import { dateTime } from "../../staff/format";
import { Button, TextArea, useLocale } from "../../ui";
import type { PersonNote } from "./api";
import { t } from "./texts";

interface NotesProps {
  notes: PersonNote[];
  /** Saves a note. `id`: the note to change, or "" for a new one. Resolves with whether the note was saved. */
  onSave: (id: string, text: string) => Promise<boolean>;
  onRemove: (id: string) => void;
}

export function PersonNotes({ notes, onSave, onRemove }: NotesProps) {
  const locale = useLocale();
  const [edited, setEdited] = useState("");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    if (await onSave(edited, text.trim())) {
      setEdited("");
      setText("");
    }
    setBusy(false);
  };
  return (
    <>
      <h3>{t("notes")}</h3>
      <ul class="person-list">
        {notes.map((note) => (
          <li key={note.id} data-testid="person-note">
            <p class="person-text" dir="auto">
              {note.text}
            </p>
            <p class="dim">
              {note.author} · {dateTime(note.at, locale)} {note.changed_at !== null && `· ${t("note.changed")}`}
              {note.mine && (
                <>
                  {" "}
                  <Button
                    kind="quiet"
                    data-testid="person-note-edit"
                    onClick={() => {
                      setEdited(note.id);
                      setText(note.text);
                    }}
                  >
                    {t("note.edit")}
                  </Button>
                  <Button kind="quiet" data-testid="person-note-remove" onClick={() => onRemove(note.id)}>
                    {t("note.remove")}
                  </Button>
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
      <form
        class="person-new"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextArea
          label={t(edited === "" ? "note.label" : "note.edit")}
          hint={t("notes.hint")}
          rows={2}
          maxLength={2000}
          value={text}
          data-testid="person-note-text"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" busy={busy} disabled={text.trim() === ""} data-testid="person-note-save">
          {t("note.save")}
        </Button>
      </form>
    </>
  );
}
