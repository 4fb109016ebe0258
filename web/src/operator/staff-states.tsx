import type { StaffItem } from "../messages";
import { t as shared } from "../staff/texts";
import { t } from "./texts";

const STATES = ["available", "reserved", "busy", "wrap_up", "away", "lost"] as const;

/** Shows how many staff are in each state, as a bar with numbers. */
export function StaffStates({ staff }: { staff: StaffItem[] }) {
  const counted = STATES.map((state) => ({ state, n: staff.filter((one) => one.state === state).length })).filter(
    (one) => one.n > 0,
  );
  return (
    <ul class="states-bar" aria-label={t("live.staff")}>
      {counted.map(({ state, n }) => (
        <li key={state} class={`states-part state-ink-${state}`} style={{ flexGrow: n }}>
          <span class="dot" aria-hidden="true" />
          {shared(`state.${state}`)} <strong class="num">{n}</strong>
        </li>
      ))}
    </ul>
  );
}
