import { useState } from "preact/hooks";
import { Button, Failure } from "../../ui";
import { LanguageSwitch } from "../language";
import { endStranger, forgotPassword } from "./api";
import { Lead } from "./lead";
import { explain } from "./refusals";
import { t } from "./texts";

interface StrangerProps {
  token: string;
  /** Called to show the sign-in page, with the sentence `because` above the form. */
  onDone: (because: string) => void;
}

/** The page that the link in a mail about a new sign-in opens, for people who say that this sign-in was not theirs. Ends the
 *  sign-in that the person has reported and all later sign-ins. Then offers a link for a new password. */
export function Stranger({ token, onDone }: StrangerProps) {
  // the login name of the account; null until the server has ended the reported sign-in
  const [login, setLogin] = useState<string | null>(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setError("");
    try {
      await work();
    } catch (refused) {
      setError(explain(refused));
    }
    setBusy(false);
  };
  const end = () => run(async () => setLogin((await endStranger(token)).login));
  const reset = (whose: string) =>
    run(async () => {
      await forgotPassword(whose);
      onDone(t("forgot.sent.lead"));
    });
  return (
    <main class="signin">
      <div class="card signin-card">
        {login === null ? (
          <Lead title={t("stranger.title")} text={t("stranger.lead")} />
        ) : (
          <Lead title={t("stranger.ended")} text={t("stranger.ended.lead")} />
        )}
        <Failure text={error} />
        {login === null ? (
          <Button kind="danger" wide busy={busy} onClick={() => void end()} data-testid="stranger-end">
            {t("stranger.end")}
          </Button>
        ) : (
          <Button kind="primary" wide busy={busy} onClick={() => void reset(login)} data-testid="stranger-reset">
            {t("forgot.send")}
          </Button>
        )}
        <Button kind="quiet" onClick={() => onDone("")}>
          {t("link.cancel")}
        </Button>
        <LanguageSwitch />
      </div>
    </main>
  );
}
