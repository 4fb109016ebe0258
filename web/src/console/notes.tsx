import { useEffect, useState } from "preact/hooks";
import { TextArea } from "../ui";
import { t } from "../staff/texts";

const key = (session: string) => `sangdam.notes.${session}`;

/** Notes taken during a session, kept in this tab until the wrap-up takes them over. */
export function keptNotes(session: string): string {
  try {
    return sessionStorage.getItem(key(session)) ?? "";
  } catch {
    return "";
  }
}

export function keepNotes(session: string, notes: string): void {
  try {
    if (notes === "") sessionStorage.removeItem(key(session));
    else sessionStorage.setItem(key(session), notes);
  } catch {
    // forbidden or full: they live as long as the field
  }
}

export function Notes({ session }: { session: string }) {
  const [notes, setNotes] = useState(() => keptNotes(session));
  useEffect(() => setNotes(keptNotes(session)), [session]);
  return (
    <TextArea
      label={t("brief.notes")}
      hint={t("brief.notes.hint")}
      rows={4}
      maxLength={4000}
      value={notes}
      data-testid="notes"
      onInput={(event) => {
        setNotes(event.currentTarget.value);
        keepNotes(session, event.currentTarget.value);
      }}
    />
  );
}
