import { useEffect, useState } from "preact/hooks";
import { Button, Field } from "../../ui";
import { changeMail, ownMail, type OwnMail } from "./api";
import { Prove } from "./prove";
import { explain, isRefused } from "./refusals";
import { t } from "./texts";

/** Shows the person's own mail address, with a form to change it. */
export function OwnMailSection() {
  const [own, setOwn] = useState<OwnMail | null>(null);
  const [open, setOpen] = useState(false);
  const [proving, setProving] = useState(false);
  const [address, setAddress] = useState("");
  const [error, setError] = useState("");
  const [sent, setSent] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    ownMail().then(setOwn, (refused: unknown) => setError(explain(refused)));
  }, []);
  const send = async () => {
    setProving(false);
    setBusy(true);
    setError("");
    try {
      await changeMail(address);
      setSent(address.trim());
      setOpen(false);
    } catch (refused) {
      if (isRefused(refused, "prove_first")) setProving(true);
      else setError(explain(refused));
    }
    setBusy(false);
  };
  if (proving) return <Prove onProved={() => void send()} onCancel={() => setProving(false)} />;
  return (
    <>
      <p data-testid="own-mail">{own === null ? "" : own.mail || t("mail.none")}</p>
      {sent !== "" && <p role="status">{t("mail.sent", { to: sent })}</p>}
      {!open && error !== "" && <p role="alert">{error}</p>}
      {own?.may_change === false && <p class="dim">{t("mail.cannot")}</p>}
      {own?.may_change === true && !open && (
        <div>
          <Button onClick={() => setOpen(true)} data-testid="own-mail-change">
            {t("mail.change")}
          </Button>
        </div>
      )}
      {open && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <Field
            label={t("mail.new")}
            hint={t("mail.hint")}
            type="email"
            name="mail"
            autoComplete="email"
            autoFocus
            required
            maxLength={254}
            value={address}
            error={error}
            data-testid="own-mail-new"
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
          <div class="row row-end">
            <Button kind="quiet" onClick={() => setOpen(false)}>
              {t("cancel")}
            </Button>
            <Button kind="primary" type="submit" busy={busy} disabled={address.trim() === ""} data-testid="own-mail-send">
              {t("mail.send")}
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
