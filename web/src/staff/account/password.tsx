import { useState } from "preact/hooks";
import { Button, Field, toast } from "../../ui";
import { changePassword } from "./api";
import { explain, isRefused } from "./refusals";
import { t } from "./texts";

export const LEAST_PASSWORD = 8;

interface NewPasswordFieldProps {
  value: string;
  error: string;
  autoFocus?: boolean;
  onInput: (value: string) => void;
}

/** A field for a new password. The person can make the typed characters visible, because a typing mistake would lock the person
 *  out. */
export function NewPasswordField({ value, error, autoFocus = false, onInput }: NewPasswordFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <Field
        label={t("password.new")}
        hint={t("password.hint")}
        type={shown ? "text" : "password"}
        name="new-password"
        autoComplete="new-password"
        autoFocus={autoFocus}
        required
        maxLength={200}
        value={value}
        error={error}
        data-testid="password-new"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <label class="check">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} /> {t("password.show")}
      </label>
    </>
  );
}

interface CurrentPasswordFieldProps {
  label: string;
  value: string;
  error: string;
  testid: string;
  onInput: (value: string) => void;
}

/** A field for the person's present password. */
export function CurrentPasswordField({ label, value, error, testid, onInput }: CurrentPasswordFieldProps) {
  return (
    <Field
      label={label}
      type="password"
      name="password"
      autoComplete="current-password"
      autoFocus
      required
      maxLength={200}
      value={value}
      error={error}
      data-testid={testid}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

/** A form in which a person changes their own password. */
export function ChangePassword({ onChanged }: { onChanged: () => void }) {
  const [open, setOpen] = useState(false);
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const close = () => {
    setOpen(false);
    setOld("");
    setFresh("");
    setError(null);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await changePassword(old, fresh);
      toast(t("password.changed"));
      close();
      onChanged();
    } catch (refused) {
      setError(refused);
    } finally {
      setBusy(false);
    }
  };
  const aboutNew = isRefused(error, "weak_password");
  const words = error === null ? "" : explain(error);
  if (!open) {
    return (
      <div>
        <Button onClick={() => setOpen(true)} data-testid="password-change">
          {t("password.change")}
        </Button>
      </div>
    );
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <CurrentPasswordField
        label={t("password.old")}
        value={old}
        error={aboutNew ? "" : words}
        testid="password-old"
        onInput={setOld}
      />
      <NewPasswordField value={fresh} error={aboutNew ? words : ""} onInput={setFresh} />
      <p class="dim">{t("password.ends")}</p>
      <div class="row row-end">
        <Button kind="quiet" onClick={close}>
          {t("cancel")}
        </Button>
        <Button
          kind="primary"
          type="submit"
          busy={busy}
          disabled={fresh.length < LEAST_PASSWORD || old === ""}
          data-testid="password-save"
        >
          {t("password.save")}
        </Button>
      </div>
    </form>
  );
}
