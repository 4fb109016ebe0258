import { useState } from "preact/hooks";
import { Button, toast } from "../../ui";
import { newRecoveryCodes, removeApp, type SecondFactors } from "./api";
import { AppSetup } from "./app-setup";
import { Prove } from "./prove";
import { RecoveryCodeList } from "./recovery-codes";
import { explain, isRefused } from "./refusals";
import { t } from "./texts";

/** What the person is doing with their second factor. `after`: called when the person has entered the password again. */
type Doing =
  | { kind: "nothing" }
  | { kind: "setting_up" }
  | { kind: "proving"; after: () => void }
  | { kind: "codes"; codes: string[] };

interface SecondFactorProps {
  factors: SecondFactors;
  onChanged: () => void;
}

/** Sets up or removes the authenticator app, and makes new recovery codes. */
export function SecondFactor({ factors, onChanged }: SecondFactorProps) {
  const [doing, setDoing] = useState<Doing>({ kind: "nothing" });
  const rest = () => {
    setDoing({ kind: "nothing" });
    onChanged();
  };
  const refused = (error: unknown, again: () => void) => {
    if (isRefused(error, "prove_first")) setDoing({ kind: "proving", after: again });
    else {
      toast(explain(error), "error");
      rest();
    }
  };
  const setUp = () => setDoing({ kind: "setting_up" });
  const remove = () =>
    void removeApp().then(
      () => {
        toast(t("app.removed"));
        rest();
      },
      (error: unknown) => refused(error, remove),
    );
  const makeCodes = () =>
    void newRecoveryCodes().then(
      ({ recovery_codes }) => setDoing({ kind: "codes", codes: recovery_codes }),
      (error: unknown) => refused(error, makeCodes),
    );

  switch (doing.kind) {
    case "setting_up":
      return <AppSetup onDone={rest} onRefused={(error) => refused(error, setUp)} />;
    case "proving":
      return <Prove onProved={doing.after} onCancel={rest} />;
    case "codes":
      return <RecoveryCodeList codes={doing.codes} onDone={rest} />;
    case "nothing":
      return factors.app ? (
        <>
          <p>
            <span class="pill pill-ok">{t("app.on")}</span> {t("codes.left", { count: factors.recovery_codes })}
          </p>
          <div class="row">
            <Button onClick={makeCodes} data-testid="codes-new">
              {t("codes.new")}
            </Button>
            <Button onClick={remove} data-testid="app-remove">
              {t("app.remove")}
            </Button>
          </div>
        </>
      ) : (
        <>
          <p class="dim">{t("app.lead")}</p>
          <div>
            <Button onClick={setUp} data-testid="app-set-up">
              {t("app.set_up")}
            </Button>
          </div>
        </>
      );
  }
}
