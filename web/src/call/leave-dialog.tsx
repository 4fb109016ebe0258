import { MessageSquare } from "lucide";
import type { SessionView } from "../messages";
import { failureText } from "../room/failures";
import { t as room } from "../room/words";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { toast } from "../ui/announce";
import type { Call } from "./call";
import { t } from "./rare/words";

/** Whether the page offers to continue in writing: the site allows it, and nobody but the visitor and the counselor is there. */
const mayGoOnAsText = ({ site, participants, you }: SessionView) =>
  site.channels.includes("text") &&
  participants.length === 2 &&
  participants.some((one) => one.id === you && one.role === "user");

/** A dialog that asks visitors whether they really want to leave the call. */
export function LeaveDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const leave = () => {
    onClose();
    void call.client.connection.request({ type: "leave", session: call.session }).catch(() => undefined);
  };
  const write = () => {
    onClose();
    call.goOnAsText().catch((error: unknown) => toast(failureText(error), "error"));
  };
  const view = call.view();
  return (
    <Dialog title={t("leave.title")} closeLabel={room("close")} onClose={onClose}>
      <p>{t(call.handoff.part ? "leave.guest" : "leave.text")}</p>
      <div class="buttons buttons-end">
        <Button onClick={onClose}>{t("leave.stay")}</Button>
        {view?.room?.media && mayGoOnAsText(view) && (
          <Button icon={MessageSquare} onClick={write} data-testid="leave-write">
            {t("leave.write")}
          </Button>
        )}
        <Button kind="danger" onClick={leave} data-testid="leave-confirm">
          {t("leave.confirm")}
        </Button>
      </div>
    </Dialog>
  );
}
