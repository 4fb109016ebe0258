import { useState } from "preact/hooks";
import { Button, Field } from "../../ui";
import { prove } from "./api";
import { explain } from "./refusals";
import { t } from "./texts";

interface ProveProps {
  onProved: () => void;
  onCancel: () => void;
}

/** Asks for the password again, before a second factor changes. */
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
      <Field
        label={t("prove.password")}
        type="password"
        name="password"
        autoComplete="current-password"
        autoFocus
        required
        maxLength={200}
        value={password}
        error={error}
        data-testid="prove-password"
        onInput={(event) => setPassword(event.currentTarget.value)}
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
