import { useState } from "preact/hooks";
import { Button } from "../../ui";
import { LanguageSwitch } from "../language";
import { confirmMail } from "./api";
import { Lead } from "./lead";
import { explain } from "./refusals";
import { t } from "./texts";

interface ConfirmMailProps {
  token: string;
  /** Called when the person leaves this screen to see the page itself. */
  onDone: () => void;
}

/** The page that the link in the mail to a new address opens. Only a press on its button uses the link up, because mail scanners
 *  open links. */
export function ConfirmMail({ token, onDone }: ConfirmMailProps) {
  const [confirmed, setConfirmed] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    setError("");
    try {
      setConfirmed((await confirmMail(token)).mail);
    } catch (refused) {
      setError(explain(refused));
    }
    setBusy(false);
  };
  return (
    <main class="signin">
      <div class="card signin-card">
        <Lead
          title={t("mail.confirm.title")}
          text={confirmed === "" ? t("mail.confirm.lead") : t("mail.confirmed", { to: confirmed })}
        />
        {error !== "" && (
          <p class="notice notice-danger" role="alert">
            {error}
          </p>
        )}
        {confirmed === "" && error === "" && (
          <Button kind="primary" wide busy={busy} onClick={() => void confirm()} data-testid="mail-confirm">
            {t("mail.confirm.do")}
          </Button>
        )}
        <Button kind={confirmed === "" ? "quiet" : "primary"} wide={confirmed !== ""} onClick={onDone} data-testid="mail-go-on">
          {t("mail.go_on")}
        </Button>
        <LanguageSwitch />
      </div>
    </main>
  );
}
