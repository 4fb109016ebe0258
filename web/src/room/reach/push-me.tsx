/** Says whether notifications of answers are on for the visitor, with a button that turns them on or off. */

import { Bell } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale } from "../../ui/store";
import { Notify } from "../push/notify";
import { tellMeNoMore } from "../push/user";
import { t } from "./words";
import "./reach.css";

interface PushMeProps {
  session: SessionView;
  token: string;
  /** Opens a window of our own, in which the browser can ask for permission. Null on a page that is such a window itself. */
  onAsk: (() => void) | null;
}

export function PushMe({ session, token, onAsk }: PushMeProps) {
  useLocale();
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState(false);
  if (session.push === null) return null;
  const turnOff = () => {
    setFailed(false);
    void tellMeNoMore(session.id, token).catch(() => setFailed(true));
  };
  return (
    <section class="reach" data-testid="push-me">
      {session.push.on ? (
        <>
          <p class="reach-why" role="status">
            <Icon node={Bell} size={18} />
            <span>{t("push.on")}</span>
          </p>
          <div class="reach-buttons">
            <Button kind="quiet" onClick={turnOff} data-testid="push-off">
              {t("push.off")}
            </Button>
          </div>
        </>
      ) : asking ? (
        <Notify session={session.id} token={token} onDone={() => setAsking(false)} />
      ) : (
        <>
          {session.mail?.to ? null : <p role="status">{t(session.mail === null ? "nothing" : "nothing.yet")}</p>}
          <div class="reach-buttons">
            <Button icon={Bell} onClick={onAsk ?? (() => setAsking(true))} data-testid="push-ask">
              {t("push.ask")}
            </Button>
          </div>
        </>
      )}
      {failed && (
        <p class="field-error" role="alert">
          {t("failed.other")}
        </p>
      )}
    </section>
  );
}
