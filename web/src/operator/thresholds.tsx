import { useState } from "preact/hooks";
import type { ThresholdFigure, ThresholdItem } from "../messages";
import { sentence } from "../staff/refusals";
import { t as shared } from "../staff/texts";
import { Button, Dialog, Failure, Field, toast } from "../ui";
import { FIGURES } from "./figures";
import { saveThresholds } from "./records";
import { t } from "./texts";

type Draft = Record<string, string>;

const draftOf = (thresholds: ThresholdItem[]): Draft =>
  Object.fromEntries(
    thresholds.flatMap((one) => [
      [`${one.figure} amber`, String(one.amber)],
      [`${one.figure} red`, String(one.red)],
    ]),
  );

function Row({ figure, draft, onChange }: { figure: ThresholdFigure; draft: Draft; onChange: (draft: Draft) => void }) {
  const field = (which: "amber" | "red") => (
    <Field
      label={t(`thresholds.${which}`)}
      type="number"
      min={0}
      step="any"
      required
      value={draft[`${figure} ${which}`] ?? ""}
      data-testid={`threshold-${figure}-${which}`}
      onInput={(event) => onChange({ ...draft, [`${figure} ${which}`]: event.currentTarget.value })}
    />
  );
  return (
    <fieldset class="thresholds-row">
      <legend>
        {t(FIGURES[figure].name)} <span class="dim">{t(`thresholds.unit.${figure}`)}</span>
      </legend>
      {field("amber")}
      {field("red")}
    </fieldset>
  );
}

/** Edits the values at which the wallboard's figures turn amber and red, for all operators. */
export function Thresholds({ thresholds, onClose }: { thresholds: ThresholdItem[]; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(thresholds));
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const value = (figure: string, which: string) => Number(draft[`${figure} ${which}`]);
      await saveThresholds(
        thresholds.map(({ figure }) => ({ figure, amber: value(figure, "amber"), red: value(figure, "red") })),
      );
      toast(t("do.done"));
      onClose();
    } catch (error) {
      setFailed(sentence(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("thresholds.title")} closeLabel={shared("close")} onClose={onClose} data-testid="thresholds">
      <form class="stack" onSubmit={(event) => void save(event)}>
        <p class="dim">{t("thresholds.lead")}</p>
        {thresholds.map(({ figure }) => (
          <Row key={figure} figure={figure} draft={draft} onChange={setDraft} />
        ))}
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="primary" type="submit" busy={busy} data-testid="thresholds-save">
            {t("thresholds.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
