import { Select, type Choice } from "../../ui";
import type { AppointmentPlan } from "./api";
import { t } from "./texts";

const PLAN: AppointmentPlan = { minutes: 30, buffer_minutes: 15, notice_minutes: 60, lead_minutes: 5 };

const FIELDS = {
  minutes: [15, 30, 45, 60, 90, 120],
  buffer_minutes: [0, 15, 30, 45, 60],
  notice_minutes: [0, 15, 60, 240, 1440],
  lead_minutes: [1, 5, 10, 15, 30],
} as const satisfies Record<keyof AppointmentPlan, readonly number[]>;

/** Returns the choices for a number of minutes: the given values, and the stored number `value` if it is not among them. */
const choices = (values: readonly number[], value: number): Choice[] =>
  [...new Set([...values, value])]
    .sort((a, b) => a - b)
    .map((minutes) => ({ value: String(minutes), label: t("appointments.minutes", { minutes }) }));

/** Fields with which an operator chooses between callbacks by any counselor and appointments with one counselor, and sets the
 *  plan of the appointments. */
export function AppointmentFields({
  plan,
  onChange,
}: {
  plan: AppointmentPlan | null;
  onChange: (plan: AppointmentPlan | null) => void;
}) {
  return (
    <>
      <Select
        label={t("field.appointments")}
        hint={t("field.appointments.hint")}
        choices={[
          { value: "off", label: t("field.appointments.off") },
          { value: "on", label: t("field.appointments.on") },
        ]}
        value={plan === null ? "off" : "on"}
        data-testid="site-appointments"
        onChange={(event) => onChange(event.currentTarget.value === "on" ? PLAN : null)}
      />
      {plan !== null &&
        (Object.keys(FIELDS) as (keyof AppointmentPlan)[]).map((field) => (
          <Select
            key={field}
            label={t(field === "minutes" ? "appointments.length" : `appointments.${field}`)}
            choices={choices(FIELDS[field], plan[field])}
            value={String(plan[field])}
            data-testid={`site-appointments-${field}`}
            onChange={(event) => onChange({ ...plan, [field]: Number(event.currentTarget.value) })}
          />
        ))}
    </>
  );
}
