import type { AppointmentItem } from "../../messages";
import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Failure, Field, Select, useLocale, whenText } from "../../ui";
import { Loaded } from "../loaded";
import { move, timesFor, type StaffTimes } from "./api";
import { t } from "./texts";

const OTHER = "other";

interface MoveProps {
  row: AppointmentItem;
  onDone: () => void;
  /** Called when the appointment was moved by somebody else while the dialog was open. */
  onMoved: () => void;
  onClose: () => void;
}

/** A dialog that moves an appointment to a free time of a counselor, or to a time that visitor and counselor have agreed on. */
export function Move(props: MoveProps) {
  const locale = useLocale();
  const { row, onClose } = props;
  return (
    <Dialog
      title={t("move.title", { when: whenText(row.at, Date.now(), locale) })}
      closeLabel={shared("close")}
      onClose={onClose}
      data-testid="appointment-move-dialog"
    >
      <Loaded what={row.session} load={() => timesFor(row.session)}>
        {(staff) =>
          staff.length === 0 ? <p class="notice notice-warn">{t("move.nobody")}</p> : <MoveForm {...props} staff={staff} />
        }
      </Loaded>
    </Dialog>
  );
}

function MoveForm({ row, staff, onDone, onMoved, onClose }: MoveProps & { staff: StaffTimes[] }) {
  const locale = useLocale();
  const [who, setWho] = useState(staff.some((one) => one.id === row.staff) ? row.staff : staff[0]!.id);
  const [when, setWhen] = useState("");
  const [typed, setTyped] = useState("");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const times = staff.find((one) => one.id === who)?.times ?? [];
  const chosen = when || String(times[0] ?? OTHER);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await move(row, chosen === OTHER ? new Date(typed).getTime() : Number(chosen), who);
      onDone();
      onClose();
    } catch (error) {
      if (error instanceof ApiError && error.reason === "changed_meanwhile") {
        onMoved();
        onClose();
      }
      setFailed(sentence(error));
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void save(event)}>
      <Select
        label={t("col.with")}
        value={who}
        choices={staff.map(({ id, name }) => ({ value: id, label: name }))}
        data-testid="appointment-who"
        onChange={(event) => {
          setWho(event.currentTarget.value);
          setWhen("");
        }}
      />
      <Select
        label={t("col.at")}
        value={chosen}
        choices={[
          ...times.map((at) => ({ value: String(at), label: whenText(at, Date.now(), locale) })),
          { value: OTHER, label: t("move.other") },
        ]}
        data-testid="appointment-when"
        onChange={(event) => setWhen(event.currentTarget.value)}
      />
      {chosen === OTHER && (
        <Field
          label={t("move.typed")}
          hint={t("move.typed.hint")}
          type="datetime-local"
          required
          value={typed}
          data-testid="appointment-typed"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <p class="field-hint">{t(row.by_mail ? "told.mail" : "told.not")}</p>
      <Failure text={failed} />
      <div class="row row-end">
        <Button kind="quiet" onClick={onClose}>
          {shared("cancel")}
        </Button>
        <Button kind="primary" type="submit" busy={busy} data-testid="appointment-move-save">
          {t("move")}
        </Button>
      </div>
    </form>
  );
}
