import { Keyboard, LogOut, Settings as SettingsIcon } from "lucide";
import type { StaffMe } from "../messages";
import { Button, IconButton } from "../ui";
import { clock } from "../staff/format";
import { keyLabel } from "./logic/keys";
import { nextState } from "./logic/queue";
import { roleName } from "../staff/names";
import { t } from "../staff/texts";

interface TopBarProps {
  me: StaffMe;
  now: number;
  onState: (state: "available" | "away") => void;
  onSettings: () => void;
  onKeys: () => void;
  onSignOut: () => void;
}

function StateSwitch({ me, now, onState }: Pick<TopBarProps, "me" | "now" | "onState">) {
  const free = nextState(me) !== null;
  const other = me.state !== "available" && me.state !== "away";
  const chosen = me.state === "busy" ? (me.ready ? "available" : "away") : me.state;
  const choice = (state: "available" | "away") => (
    <button
      type="button"
      class={`state-${state}`}
      aria-pressed={chosen === state}
      disabled={!free}
      title={free ? keyLabel("state") : t("state.ringing.note")}
      data-testid={`state-${state}`}
      onClick={() => chosen !== state && onState(state)}
    >
      <span class="dot" aria-hidden="true" /> {t(state === "away" && me.state === "busy" ? "state.away.after" : `state.${state}`)}
    </button>
  );
  return (
    <div class="own-state">
      <div class="segments" role="group" aria-label={t("state.group")}>
        {choice("available")}
        {choice("away")}
      </div>
      {other && (
        <span class={`pill pill-state-${me.state}`} data-testid="state-now">
          {t(`state.${me.state}`)}
          {me.state === "wrap_up" && me.until !== null && <span class="num"> {clock((me.until - now) / 1000)}</span>}
        </span>
      )}
    </div>
  );
}

export function TopBar({ me, now, onState, onSettings, onKeys, onSignOut }: TopBarProps) {
  return (
    <header class="topbar">
      <p class="brand">
        <span class="brand-mark" aria-hidden="true" /> <span class="brand-name">Sangdam</span>
      </p>
      <StateSwitch me={me} now={now} onState={onState} />
      <p class="topbar-me">
        <strong>{me.name}</strong> <span class="dim">{roleName(me.role)}</span>
      </p>
      <div class="topbar-tools">
        <IconButton icon={Keyboard} kind="quiet" label={`${t("keys")} (?)`} onClick={onKeys} class="wide-only" />
        <IconButton icon={SettingsIcon} kind="quiet" label={`${t("settings")} (,)`} onClick={onSettings} />
        <IconButton icon={LogOut} kind="quiet" label={t("sign_out")} onClick={onSignOut} />
      </div>
    </header>
  );
}

/** Says that the server has set me to "away" because I missed calls, and has a button that makes me available again. */
export function MissedBand({ me, onState }: Pick<TopBarProps, "me" | "onState">) {
  if (me.state !== "away" || me.why_away !== "missed") return null;
  return (
    <div class="notice notice-warn band" role="status" data-testid="missed">
      <span>{t("state.missed")}</span>
      <Button kind="primary" onClick={() => onState("available")}>
        {t("state.missed.do")} <kbd>{keyLabel("state")}</kbd>
      </Button>
    </div>
  );
}
