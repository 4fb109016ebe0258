import type { AppointmentItem } from "../../messages";
import { t as shared } from "../../staff/texts";
import { useLocale, whenText } from "../../ui";
import { t } from "./texts";

/** Lists the appointments that cannot take place as booked, for example because working hours have changed. Somebody must tell
 *  the visitors of these appointments. */
export function Touched({ items }: { items: AppointmentItem[] }) {
  const locale = useLocale();
  if (items.length === 0) return null;
  return (
    <div class="notice notice-warn" role="status" data-testid="appointments-touched">
      <div>
        <p>
          <strong>{t("touched", { n: items.length })}</strong>
        </p>
        <ul>
          {items.map((row) => (
            <li key={row.session}>
              {whenText(row.at, Date.now(), locale)} · {row.name || shared("visitor")} · {row.staff_name}
              {row.trouble !== "" && ` · ${t(`trouble.${row.trouble}`)}`} ·{" "}
              <a href={`#past/${encodeURIComponent(row.session)}`}>{t(row.by_mail ? "tell.mail" : "tell.call")}</a>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
