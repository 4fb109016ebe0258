import { Moon, PhoneOff } from "lucide";
import type { SessionView } from "../messages";
import { Button, Icon } from "../ui";
import { t } from "../staff/texts";

/** Says that a text conversation is asleep: the visitor will see new lines of staff only later, and the visitor's next line wakes
 *  the conversation. */
export function AsleepBand({ session, onEnd }: { session: SessionView; onEnd: () => void }) {
  if (session.state !== "asleep") return null;
  return (
    <div class="notice band" role="status" data-testid="asleep">
      <Icon node={Moon} /> <span>{t("asleep.band")}</span>
      <Button kind="quiet" icon={PhoneOff} onClick={onEnd} data-testid="asleep-end">
        {t("asleep.end")}
      </Button>
    </div>
  );
}
