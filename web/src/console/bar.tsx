import { CircleHelp, Forward, LogOut, Moon, Pause, PhoneOff, Play } from "lucide";
import type { SessionView } from "../messages";
import { Controls } from "../room/controls";
import { optional } from "../room/lazy";
import type { RoomLink } from "../room/room-link";
import { Button } from "../ui";
import { keyLabel } from "./logic/keys";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

const PageButton = optional(
  () => import("../room/cobrowse/page-button"),
  (module) => module.PageButton,
);

interface BarProps {
  link: RoomLink | null;
  session: SessionView;
  board: { open: boolean; onToggle: () => void };
  /** The pane that shows the page that the visitor is looking at: whether the pane is open, and a function that opens or closes
   *  it. */
  page: { open: boolean; onToggle: () => void };
  owner: boolean;
  mayAsk: boolean;
  mayHold: boolean;
  onHold: (on: boolean) => void;
  /** Puts this text conversation to sleep, so that it takes no place in the counselor's capacity; null if that is not
   *  possible. */
  onSleep: (() => void) | null;
  onHelp: () => void;
  onTransfer: () => void;
  onEnd: () => void;
}

/** The bar with the controls of a session. The Help button is in the middle. The End button is far from it, in another colour. */
export function Bar({
  link,
  session,
  board,
  page,
  owner,
  mayAsk,
  mayHold,
  onHold,
  onSleep,
  onHelp,
  onTransfer,
  onEnd,
}: BarProps) {
  const held = session.room?.held === true;
  return (
    <footer class="bar" aria-label={t("ctl.group")}>
      {link !== null && <Controls link={link} session={session} board={board} />}
      <div class="bar-help">
        {owner && session.room?.media === true && (
          <Button
            icon={held ? Play : Pause}
            aria-pressed={held}
            disabled={!mayHold}
            title={mayHold ? keyLabel("hold") : t("hold.modes", { user: nameOf(userOf(session)) })}
            onClick={() => onHold(!held)}
            data-testid="hold"
          >
            {t(held ? "ctl.hold.end" : "ctl.hold")} <kbd class="wide-only">{keyLabel("hold")}</kbd>
          </Button>
        )}
        {owner && link !== null && session.cobrowse && (
          <PageButton client={link.client} session={session} open={page.open} onToggle={page.onToggle} />
        )}
        {owner && onSleep !== null && (
          <Button icon={Moon} title={t("asleep.hint")} onClick={onSleep} data-testid="sleep">
            {t("ctl.sleep")}
          </Button>
        )}
        {owner && (
          <Button
            icon={Forward}
            disabled={!mayAsk}
            title={keyLabel("transfer")}
            onClick={onTransfer}
            data-testid="transfer-button"
          >
            {t("ctl.transfer")} <kbd class="wide-only">{keyLabel("transfer")}</kbd>
          </Button>
        )}
        {owner && (
          <Button
            kind="help"
            icon={CircleHelp}
            disabled={!mayAsk}
            title={keyLabel("help")}
            onClick={onHelp}
            data-testid="help-button"
          >
            {t("ctl.help")} <kbd class="wide-only">{keyLabel("help")}</kbd>
          </Button>
        )}
      </div>
      {owner ? (
        <Button kind="danger" icon={PhoneOff} title={keyLabel("end")} onClick={onEnd} data-testid="end-session">
          {t("ctl.end")}
        </Button>
      ) : (
        <Button icon={LogOut} title={keyLabel("leave")} onClick={onEnd} data-testid="leave-session">
          {t("ctl.leave")}
        </Button>
      )}
    </footer>
  );
}
