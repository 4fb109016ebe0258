import { useEffect, useRef } from "preact/hooks";
import type { SessionView } from "../messages";
import { useStore } from "../ui";
import { ringer } from "./alerts";
import { newsTitle, pitchOf } from "./logic/news";
import { title } from "./logic/ringing";
import { nameOf, userOf } from "../staff/names";
import { notify } from "./notify";
import { prefs } from "../staff/prefs";
import { t } from "../staff/texts";
import type { Sessions } from "./use-sessions";

/**
 * Announces new lines that the person does not see, because the page has no focus or shows another session. The person chooses
 * how: by a sound with the session's own pitch, a notification, and the badge on the icon. The badge also counts calls that ring.
 */
export function useNews({ list, fresh }: Sessions, ringing: number): void {
  const { ringVolume, ringMuted, newSound, newBadge, newNotify } = useStore(prefs);
  const told = useRef<Record<string, number> | null>(null);
  const counts = JSON.stringify(fresh);
  useEffect(() => {
    const before = told.current;
    told.current = fresh;
    // Lines that were unread when the page opened are counted, but make no sound.
    const grown = before === null ? [] : list.filter((one) => one.id in before && (fresh[one.id] ?? 0) > before[one.id]!);
    for (const session of grown) {
      if (newSound && !ringMuted) ringer.note(ringVolume, pitchOf(session.id));
      if (newNotify)
        notify(nameOf(userOf(session)), t("session.new_lines", { n: fresh[session.id] ?? 0 }), `line.${session.id}`, false);
    }
  }, [counts]);
  const total = ringing + Object.values(fresh).reduce((sum, n) => sum + n, 0);
  useEffect(() => {
    if (!newBadge) return;
    badge(total);
    return () => badge(0);
  }, [total, newBadge]);
}

/** Shows a number as a badge on the icon of the installed page, if the system supports badges. 0 removes the badge. */
function badge(count: number): void {
  if (!("setAppBadge" in navigator)) return;
  const shown = count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count);
  shown.catch(() => undefined); // the browser refuses a badge if the page is not installed
}

/**
 * Sets the tab's title. If the person has chosen so, the title shows the number of unread lines. It then also names a visitor:
 * the first one in the list of sessions who wrote an unread line. The title flashes while a call rings.
 */
export function useTitle({ list, fresh }: Sessions, calling: boolean): void {
  const { newTitle } = useStore(prefs);
  const first: SessionView | undefined = list.find((one) => (fresh[one.id] ?? 0) > 0);
  const total = newTitle ? Object.values(fresh).reduce((sum, n) => sum + n, 0) : 0;
  const base = newsTitle(t("app.name"), total, nameOf(first && userOf(first)));
  useEffect(() => {
    document.title = base;
    if (!calling) return;
    const flash = setInterval(() => (document.title = title(base, t("ring.title.tab"), Date.now())), 500);
    return () => {
      clearInterval(flash);
      document.title = base;
    };
  }, [base, calling]);
  useEffect(() => () => void (document.title = t("app.name")), []);
}
