import { useEffect, useState } from "preact/hooks";
import { Button, Dialog, useLocale } from "../../ui";
import { may } from "../rights";
import { t as shared } from "../texts";
import { secondFactors, signIns, type SecondFactors, type SignInItem } from "./api";
import { Calendar } from "./calendar";
import { OwnMailSection } from "./own-mail";
import { Passkeys } from "./passkeys";
import { ChangePassword } from "./password";
import { explain } from "./refusals";
import { SecondFactor } from "./second-factor";
import { SignIns } from "./sign-ins";
import { t } from "./texts";

interface Loaded {
  items: SignInItem[];
  factors: SecondFactors;
}

/** The dialog of the person's own account: password, second factor, passkeys, mail address, the browsers in which the person is
 *  signed in, and the address of the person's calendar. */
export function Account({ onClose }: { onClose: () => void }) {
  useLocale();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState("");
  const load = () => {
    setError("");
    Promise.all([signIns(), secondFactors()]).then(
      ([items, factors]) => setLoaded({ items, factors }),
      (refused: unknown) => setError(explain(refused)),
    );
  };
  useEffect(load, []);
  return (
    <Dialog title={t("title")} closeLabel={shared("close")} onClose={onClose} data-testid="account">
      {error !== "" && (
        <div class="notice notice-danger" role="alert">
          <span>{error}</span>
          <Button onClick={load}>{t("again")}</Button>
        </div>
      )}
      {loaded === null && error === "" && <div class="skeleton account-loading" role="status" aria-label={t("title")} />}
      {loaded !== null && (
        <div class="account">
          {loaded.factors.by_provider ? (
            <p class="dim">{t("by_provider")}</p>
          ) : (
            <OwnFactors factors={loaded.factors} onChanged={load} />
          )}
          <section>
            <h3>{t("mail")}</h3>
            <OwnMailSection />
          </section>
          <section>
            <h3>{t("signins")}</h3>
            <SignIns items={loaded.items} onChanged={load} />
          </section>
          {may("desk.work") && (
            <section>
              <h3>{t("calendar")}</h3>
              <Calendar />
            </section>
          )}
        </div>
      )}
    </Dialog>
  );
}

/** The password, authenticator app and passkeys of a person who signs in at this server and not at the OpenID provider. */
function OwnFactors({ factors, onChanged }: { factors: SecondFactors; onChanged: () => void }) {
  return (
    <>
      <section>
        <h3>{t("password")}</h3>
        <ChangePassword onChanged={onChanged} />
      </section>
      <section>
        <h3>{t("factor")}</h3>
        <SecondFactor factors={factors} onChanged={onChanged} />
      </section>
      <section>
        <h3>{t("passkeys")}</h3>
        <Passkeys items={factors.passkeys} onChanged={onChanged} />
      </section>
    </>
  );
}
