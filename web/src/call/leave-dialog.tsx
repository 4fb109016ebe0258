import { t as room } from "../room/words";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import type { Call } from "./call";
import { t } from "./rare/words";

/** A dialog that asks visitors whether they really want to leave the call. */
export function LeaveDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const leave = () => {
    onClose();
    void call.client.connection.request({ type: "leave", session: call.session }).catch(() => undefined);
  };
  return (
    <Dialog title={t("leave.title")} closeLabel={room("close")} onClose={onClose}>
      <p>{t(call.handoff.part ? "leave.guest" : "leave.text")}</p>
      <div class="buttons buttons-end">
        <Button onClick={onClose}>{t("leave.stay")}</Button>
        <Button kind="danger" onClick={leave} data-testid="leave-confirm">
          {t("leave.confirm")}
        </Button>
      </div>
    </Dialog>
  );
}
