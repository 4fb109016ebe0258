import { useState } from "preact/hooks";
import { Notify } from "../room/push/notify";
import { t } from "../room/reach/words";
import { Button } from "../ui/button";
import type { Handoff } from "../room/handoff";

/** The window that the panel opens to ask for permission to show notifications. The panel itself cannot ask: browsers do not
 *  allow that in a frame of another page. */
export function NotifyWindow({ handoff }: { handoff: Handoff }) {
  const [done, setDone] = useState(false);
  return (
    <main class="message card" data-testid="notify-window">
      {done ? (
        <>
          <p role="status">
            <b>{t("push.done")}</b>
          </p>
          <Button kind="primary" onClick={() => window.close()}>
            {t("push.close")}
          </Button>
        </>
      ) : (
        <Notify session={handoff.session} token={handoff.token} onDone={() => setDone(true)} />
      )}
    </main>
  );
}
