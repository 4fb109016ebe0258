import { useEffect, useState } from "preact/hooks";
import { attempt } from "../../staff/attempt";
import { Button } from "../../ui";
import { person, removeNote, saveNote, type Person } from "./api";
import { Conversations } from "./conversations";
import { PersonNotes } from "./person-notes";
import { t } from "./texts";

/** The card of a session's visitor: notes that belong to the visitor and not to one session, and earlier conversations. */
export function PersonCard({ session }: { session: string }) {
  const [found, setFound] = useState<Person | null>(null);
  const [failed, setFailed] = useState(false);
  const [q, setQ] = useState("");
  const [version, setVersion] = useState(0); // the number of changes of the notes; each change loads the card again
  const again = () => setVersion((n) => n + 1);
  useEffect(() => {
    let wanted = true;
    const load = async () => {
      const next = await person(session, q).catch(() => null);
      if (!wanted) return;
      if (next !== null) setFound(next);
      setFailed(next === null);
    };
    void load();
    return () => {
      wanted = false;
    };
  }, [session, q, version]);
  const change = (work: Promise<unknown>) =>
    attempt(async () => {
      await work;
      again();
    });
  if (failed) {
    return (
      <p class="notice notice-warn">
        {t("failed")} <Button onClick={again}>{t("again")}</Button>
      </p>
    );
  }
  if (found === null) return null;
  return (
    <section class="person" aria-label={t("title")} data-testid="person">
      {found.known ? (
        <>
          <PersonNotes
            notes={found.notes}
            onSave={(id, text) => change(saveNote(session, id, text))}
            onRemove={(id) => void change(removeNote(session, id))}
          />
          <Conversations session={session} conversations={found.conversations} q={q} onSearch={setQ} />
        </>
      ) : (
        <p class="dim">{t("unknown")}</p>
      )}
    </section>
  );
}
