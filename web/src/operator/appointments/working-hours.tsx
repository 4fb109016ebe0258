import { useEffect, useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, toast, useLocale } from "../../ui";
import { dayName, HoursEditor } from "../hours";
import { weekText } from "../logic/hours";
import { saveWorkingHours, workingHours, type WorkingHours as Found } from "./api";
import { t } from "./texts";
import { Touched } from "./touched";

/** The working hours of a member of staff, and the appointments that cannot take place as booked. `active`: whether the member's
 *  account is active. When `active` changes, the list of appointments is loaded again, because it can change, too. */
export function WorkingHours({ staff, active }: { staff: string; active: boolean }) {
  const locale = useLocale();
  const [found, setFound] = useState<Found | null>(null);
  const [editing, setEditing] = useState(false);
  useEffect(() => {
    workingHours(staff).then(setFound, (error: unknown) => toast(sentence(error), "error"));
  }, [staff, active]);
  if (found === null) return <div class="skeleton loading" role="status" aria-label={t("hours")} />;
  return (
    <section class="card stack" data-testid="working-hours">
      <h2>{t("hours")}</h2>
      <p>
        {found.hours
          ? `${weekText(found.hours, (day) => dayName(day, locale, "short"))} (${found.hours.timezone})`
          : t("hours.topics")}
      </p>
      <p class="dim">{t("hours.lead")}</p>
      <Touched items={found.touched} />
      <div class="row row-end">
        <Button onClick={() => setEditing(true)} data-testid="working-hours-edit">
          {t("hours.edit")}
        </Button>
      </div>
      {editing && (
        <HoursEditor
          title={t("hours")}
          which={t("hours")}
          hours={found.hours}
          without={t("hours.topics")}
          save={async (hours) => setFound(await saveWorkingHours(staff, hours))}
          onClose={() => setEditing(false)}
        />
      )}
    </section>
  );
}
