import { Forward } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { SessionView, StaffItem } from "../messages";
import { Button, Dialog, Select, TextArea } from "../ui";
import type { Actions } from "./actions";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

interface TransferDialogProps {
  session: SessionView;
  actions: Pick<Actions, "transfer" | "colleagues">;
  onClose: () => void;
}

/** The dialog in which the counselor chooses who takes the session over, and whether to speak with that colleague first. */
export function TransferDialog({ session, actions, onClose }: TransferDialogProps) {
  const [colleagues, setColleagues] = useState<StaffItem[] | null>(null);
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState<"now" | "consult" | null>(null);
  useEffect(() => {
    let wanted = true;
    void actions.colleagues(session.id).then((found) => {
      if (!wanted) return;
      setColleagues(found);
      setTo((was) => was || (found.some(free) ? `staff:${found.find(free)!.id}` : `category:${session.category.id}`));
    });
    return () => {
      wanted = false;
    };
  }, [session.id]);
  const ask = async (how: "now" | "consult") => {
    setBusy(how);
    const id = to.slice(to.indexOf(":") + 1);
    if (await actions.transfer(session.id, how, to.startsWith("staff:") ? { staff: id } : { category: id }, note.trim()))
      onClose();
    else setBusy(null);
  };
  const user = nameOf(userOf(session));
  return (
    <Dialog title={t("transfer.title", { user })} closeLabel={t("close")} onClose={onClose} class="transfer-dialog">
      <div class="stack">
        <p class="dim">{t("transfer.lead", { user })}</p>
        <fieldset class="transfer-people" aria-busy={colleagues === null}>
          <legend>{t("transfer.person")}</legend>
          {colleagues?.length === 0 && <p class="dim">{t("transfer.nobody_here")}</p>}
          {colleagues?.map((one) => (
            <label key={one.id} class="check" data-testid={`transfer-to-${one.id}`}>
              <input
                type="radio"
                name="to"
                disabled={!free(one)}
                checked={to === `staff:${one.id}`}
                onChange={() => setTo(`staff:${one.id}`)}
              />
              <span>{one.name}</span> <span class={free(one) ? "pill pill-ok" : "pill"}>{t(`state.${one.state}`)}</span>
            </label>
          ))}
        </fieldset>
        <fieldset class="transfer-people">
          <legend>{t("transfer.category")}</legend>
          <label class="check" data-testid="transfer-to-category">
            <input
              type="radio"
              name="to"
              checked={to.startsWith("category:")}
              onChange={() => setTo(`category:${session.category.id}`)}
            />
            <span>{t("transfer.anybody")}</span>
          </label>
          {to.startsWith("category:") && (
            <Select
              label={t("help.category")}
              value={to.slice("category:".length)}
              choices={session.categories.map(({ id, name }) => ({ value: id, label: name }))}
              data-testid="transfer-category"
              onChange={(event) => setTo(`category:${event.currentTarget.value}`)}
            />
          )}
        </fieldset>
        <TextArea
          label={t("transfer.note")}
          hint={t("help.note.hint")}
          rows={2}
          maxLength={500}
          value={note}
          data-testid="transfer-note"
          onInput={(event) => setNote(event.currentTarget.value)}
        />
        <p class="dim">{t(session.channel === "text" ? "transfer.how.text" : "transfer.how", { user })}</p>
        <div class="row row-end transfer-do">
          <Button kind="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button
            disabled={to === "" || busy !== null}
            busy={busy === "consult"}
            onClick={() => void ask("consult")}
            data-testid="transfer-consult"
          >
            {t("transfer.consult")}
          </Button>
          <Button
            kind="primary"
            icon={Forward}
            disabled={to === "" || busy !== null}
            busy={busy === "now"}
            onClick={() => void ask("now")}
            data-testid="transfer-now"
          >
            {t("transfer.now")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const free = (one: StaffItem) => one.state === "available";
