import { useState } from "preact/hooks";
import { Button } from "../../ui";
import { prove } from "./api";
import { CurrentPasswordField } from "./password";
import { explain } from "./refusals";
import { t } from "./texts";

interface ProveProps {
  onProved: () => void;
  onCancel: () => void;
}

/** Asks for the person's password again, before an action for which the server wants it, such as adding a second factor. */
export function Prove({ onProved, onCancel }: ProveProps) {
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await prove(password);
      onProved();
    } catch (refused) {
      setError(explain(refused));
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <CurrentPasswordField
        label={t("prove.password")}
        value={password}
        error={error}
        testid="prove-password"
        onInput={setPassword}
      />
      <div class="row row-end">
        <Button kind="quiet" onClick={onCancel}>
          {t("cancel")}
        </Button>
        <Button kind="primary" type="submit" busy={busy} disabled={password === ""} data-testid="prove-go">
          {t("prove.go")}
        </Button>
      </div>
    </form>
  );
}
