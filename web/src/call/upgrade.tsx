import { Phone } from "lucide";
import type { SessionView } from "../messages";
import { failureText } from "../room/failures";
import { nameAndRole } from "../room/words";
import { toast } from "../ui/announce";
import { Button } from "../ui/button";
import type { Call } from "./call";
import { t } from "./rare/words";

/** Shows the state of the visitor's request to add voice or video: it rings in the counselor's console, or the counselor has
 *  declined or missed it. */
export function Upgrade({ call, session }: { call: Call; session: SessionView }) {
  const { upgrade } = session;
  if (!upgrade) return null;
  const owner = session.participants.find((one) => one.owner);
  const again = () => void call.enter("").catch((error: unknown) => toast(failureText(error), "error"));
  return (
    <p class={`notice notice-${upgrade.state === "ringing" ? "help" : "warn"}`} role="status" data-testid="upgrade">
      <span>{t(`upgrade.${upgrade.state}`, { name: owner ? nameAndRole(owner) : "" })}</span>
      {upgrade.state !== "ringing" && (
        <Button icon={Phone} onClick={again} data-testid="upgrade-again">
          {t("upgrade.again")}
        </Button>
      )}
    </p>
  );
}
