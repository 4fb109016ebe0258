import { Languages } from "lucide";
import type { SessionView } from "../../messages";
import { Icon } from "../../ui/icon";
import { participant, viewer } from "../state";
import { nameOf } from "../words";
import { barKeys } from "./rules";
import { t } from "./words";

/** Tells everybody in the conversation who interprets for whom, how loud the original voices are on each side, and who has set
 *  that. */
export function InterpreterBar({ session }: { session: SessionView }) {
  const { interpreting } = session;
  const guest = interpreting && participant(session, interpreting.guest);
  if (!interpreting || !guest) return null;
  const name = nameOf(guest);
  const role = viewer(session)?.role ?? "user";
  const mine = role === "user" || role === "guest" ? "user" : "staff";
  const muted = guest.peer === "live" && !guest.media.mic;
  const words = barKeys(interpreting, mine, guest.id === session.you, muted).map((key) => t(key, { name }));
  return (
    <p class="interpreter-bar" role="status" data-testid="interpreter-bar">
      <Icon node={Languages} size={18} />
      <span>
        {words.join(" ")} <span class="interpreter-by">{t("interpret.by", { name: interpreting.by || t("somebody") })}</span>
      </span>
    </p>
  );
}
