import { Bell } from "lucide";
import { useState } from "preact/hooks";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale } from "../../ui/store";
import { isKey, t, type Key } from "../reach/words";
import { canPush, isDenied, type PushFailed } from "./subscribe";
import { tellMe } from "./user";
import "../reach/reach.css";

interface NotifyProps {
  session: string;
  token: string;
  onDone: () => void;
}

/** Explains notifications of answers, and asks the browser for permission after the visitor has pressed the button. */
export function Notify({ session, token, onDone }: NotifyProps) {
  useLocale();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(canPush() ? (isDenied() ? t("push.failed.denied") : "") : t("push.cannot"));
  const turnOn = () => {
    setBusy(true);
    setFailed("");
    void tellMe(session, token)
      .then(onDone, (error: unknown) => {
        const key: Key = `push.failed.${(error as PushFailed).reason}`;
        setFailed(t(isKey(key) ? key : "push.failed.failed"));
      })
      .then(() => setBusy(false));
  };
  return (
    <div class="reach-push" data-testid="notify">
      <p class="reach-why">
        <Icon node={Bell} size={18} />
        <span>{t("push.explain")}</span>
      </p>
      {failed !== "" && (
        <p class="field-error" role="alert">
          {failed}
        </p>
      )}
      {canPush() && !isDenied() && (
        <Button kind="primary" busy={busy} onClick={turnOn} data-testid="notify-on">
          {t("push.allow")}
        </Button>
      )}
    </div>
  );
}
