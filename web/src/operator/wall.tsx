import type { Trend, Wallboard } from "../messages";
import { useNow } from "../staff/clock";
import { timeText } from "../ui/when";
import { useLocale } from "../ui";
import { useAlarm } from "./alarm";
import { Figures } from "./figures";
import { StaffStates } from "./staff-states";
import { t } from "./texts";

/** The wallboard in a form for a screen on a wall: large digits, the time, and no buttons. */
export function Wall({ board, trend, ahead_ms }: { board: Wallboard; trend: Trend | null; ahead_ms: number }) {
  const locale = useLocale();
  const now = useNow(ahead_ms);
  useAlarm(board, now);
  return (
    <main class="wall" data-testid="wall">
      <Figures board={board} trend={trend} now={now} />
      <StaffStates staff={board.staff ?? []} />
      <p class="wall-time num">
        {timeText(now, locale)} <span class="dim">{t("live.updated", { time: timeText(board.now, locale) })}</span>
      </p>
    </main>
  );
}
