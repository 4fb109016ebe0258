import { CircleHelp } from "lucide";
import { useState } from "preact/hooks";
import type { HelpView, SessionView } from "../messages";
import { Button, Dialog, Icon, Select, TextArea } from "../ui";
import type { Actions } from "./actions";
import { clock } from "../staff/format";
import { sendsForm } from "./logic/keys";
import { hunt, type Hunt } from "./logic/hunt";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

interface HelpDialogProps {
  session: SessionView;
  /** The topics of the session's site. The counselor can ask for a professional for any of them. */
  subjects: { id: string; name: string }[];
  actions: Pick<Actions, "askHelp">;
  onClose: () => void;
}

export function HelpDialog({ session, subjects, actions, onClose }: HelpDialogProps) {
  const [note, setNote] = useState("");
  const [category, setCategory] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    if (await actions.askHelp(session.id, note.trim(), category || session.category.id)) onClose();
    else setBusy(false);
  };
  const choices = [
    { value: "", label: t("help.category.this", { name: session.category.name }) },
    ...subjects.filter((one) => one.id !== session.category.id).map((one) => ({ value: one.id, label: one.name })),
  ];
  return (
    <Dialog title={t("help.title")} closeLabel={t("close")} onClose={onClose} class="help-dialog">
      <form class="stack" onSubmit={(event) => void send(event)}>
        <p class="dim">{t("help.lead")}</p>
        <TextArea
          label={t("help.note")}
          hint={t("help.note.hint")}
          autoFocus
          rows={4}
          maxLength={500}
          value={note}
          data-testid="help-note"
          onInput={(event) => setNote(event.currentTarget.value)}
          onKeyDown={(event) => sendsForm(event) && event.currentTarget.form?.requestSubmit()}
        />
        <Select
          label={t("help.category")}
          choices={choices}
          value={category}
          data-testid="help-category"
          onChange={(event) => setCategory(event.currentTarget.value)}
        />
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button kind="help" type="submit" busy={busy} icon={CircleHelp} data-testid="help-send">
            {t("help.send")} <kbd class="wide-only">Ctrl Enter</kbd>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Returns a sentence that says how far the search for a professional has come. */
export function huntWords(now: Exclude<Hunt, { kind: "none" }>, professional: string): string {
  switch (now.kind) {
    case "searching":
      return t("help.searching", { time: clock(now.waited_s) });
    case "ringing":
      return now.asked_before === 0
        ? t("help.ringing.first", { s: now.left_s })
        : t("help.ringing.next", { n: now.asked_before, nth: now.nth, s: now.left_s });
    case "reading":
      return t("help.reading", { name: professional, left: now.left_s === null ? "" : clock(now.left_s) });
    case "nobody":
      return t("help.nobody");
  }
}

/** Returns a sentence that says how far the search for a colleague has come in a transfer, or why nobody has taken over. Visitors
 *  hear a hold tone only in a call. */
export function transferWords(
  session: SessionView,
  help: HelpView,
  now: Exclude<Hunt, { kind: "none" } | { kind: "reading" }>,
): string {
  const words = { to: help.to_name, user: nameOf(userOf(session)) };
  if (now.kind === "nobody") return t(`transfer.${help.why || "nobody"}`, words);
  if (help.transfer === "consult")
    return t("transfer.asking", { ...words, time: clock(now.kind === "searching" ? now.waited_s : now.left_s) });
  const text = session.channel === "text";
  return now.kind === "ringing"
    ? t(text ? "transfer.ringing.text" : "transfer.ringing", { ...words, s: now.left_s })
    : t(text ? "transfer.searching.text" : "transfer.searching", { ...words, time: clock(now.waited_s) });
}

interface HuntBandProps {
  session: SessionView;
  now: number;
  actions: Pick<Actions, "cancelHelp">;
  /** Called to ask again for a professional or a transfer; null if this person is not allowed to ask. */
  onAgain: (() => void) | null;
}

/** Shows the counselor how far a search has come: the search for a professional or, in a transfer, the search for a colleague. */
export function HuntBand({ session, now, actions, onAgain }: HuntBandProps) {
  const state = hunt(session.help, now);
  if (state.kind === "none") return null;
  const professional = session.participants.find((one) => one.id === session.help?.professional);
  return (
    <div class="notice notice-help band" data-testid="help-status">
      <Icon node={CircleHelp} />
      {/* Screen readers announce this part only: the seconds beside it change constantly. */}
      <span>
        {session.help?.transfer && state.kind !== "reading"
          ? transferWords(session, session.help, state)
          : huntWords(state, professional ? nameOf(professional) : t("help.professional"))}
      </span>
      {state.kind === "nobody" ? (
        onAgain !== null && (
          <Button kind="help" onClick={onAgain}>
            {t(session.help?.transfer ? "transfer.again" : "help.again")}
          </Button>
        )
      ) : (
        <Button onClick={() => void actions.cancelHelp(session.id)} data-testid="help-cancel">
          {t("help.cancel")}
        </Button>
      )}
    </div>
  );
}
