import { useEffect, useState } from "preact/hooks";
import { Button, toast } from "../../ui";
import { calendar, removeCalendar, renewCalendar, type Calendar as Found } from "./api";
import { explain } from "./refusals";
import { t } from "./texts";

/** The address from which a calendar program reads the person's appointments. The page shows the address only when the address
 *  has just been made. */
export function Calendar() {
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = (asking: Promise<Found>) => {
    setBusy(true);
    void asking.then(setFound, (refused: unknown) => toast(explain(refused), "error")).then(() => setBusy(false));
  };
  useEffect(() => ask(calendar()), []);
  return (
    <div class="stack" data-testid="calendar">
      <p class="dim">{t("calendar.lead")}</p>
      {found?.url && (
        <>
          <input
            class="input"
            readOnly
            value={found.url}
            aria-label={t("calendar.address")}
            data-testid="calendar-url"
            onFocus={(event) => event.currentTarget.select()}
          />
          <p class="field-hint">{t("calendar.once")}</p>
        </>
      )}
      <div class="row">
        <Button busy={busy} onClick={() => ask(renewCalendar())} data-testid="calendar-renew">
          {t(found?.on ? "calendar.renew" : "calendar.make")}
        </Button>
        {found?.on && (
          <Button kind="quiet" onClick={() => ask(removeCalendar())}>
            {t("calendar.remove")}
          </Button>
        )}
      </div>
    </div>
  );
}
