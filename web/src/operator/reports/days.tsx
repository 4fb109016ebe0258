import { Field } from "../../ui";
import { lastDays, type Span } from "./report";
import { t } from "./texts";

const PRESETS = [1, 7, 30, 365] as const;

interface DaysProps {
  asked: Span;
  /** Called with the chosen days. `days`: the number of days if the person has pressed a preset; null if the person has typed the
   *  days. */
  onChange: (part: Partial<Span>, days: number | null) => void;
}

/** Lets somebody choose the days of a report, by a preset or by typing. */
export function Days({ asked, onChange }: DaysProps) {
  const now = new Date();
  const isPreset = (days: number) => {
    const { from, to } = lastDays(days, now);
    return asked.from === from && asked.to === to;
  };
  return (
    <>
      <div class="segments" role="group">
        {PRESETS.map((days) => (
          <button
            key={days}
            type="button"
            aria-pressed={isPreset(days)}
            data-testid={`report-last-${days}`}
            onClick={() => onChange(lastDays(days, now), days)}
          >
            {t(`preset.${days}`)}
          </button>
        ))}
      </div>
      <Field
        label={t("from")}
        type="date"
        value={asked.from}
        onInput={(event) => onChange({ from: event.currentTarget.value }, null)}
      />
      <Field
        label={t("to")}
        type="date"
        value={asked.to}
        onInput={(event) => onChange({ to: event.currentTarget.value }, null)}
      />
    </>
  );
}
