/** Lets visitors ask for mails: about answers that come after the visitor has left, and with a copy of the conversation. */

import { Mail } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { Button } from "../../ui/button";
import { Field } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { askForMail, failedText } from "./reach";
import { t } from "./words";
import "./reach.css";

interface Part {
  session: SessionView;
  token: string;
}

/** Says how answers reach the visitor after the visitor has left this text conversation. */
export function Reach({ session, token }: Part) {
  const [asking, setAsking] = useState(false);
  const [sent, setSent] = useState("");
  const [failed, setFailed] = useState("");
  const { mail } = session;
  if (mail === null) return null;
  const link = () =>
    void askForMail(session.id, token, "thread", "").then(
      (to) => setSent(t("link.sent", { to })),
      (error: unknown) => setFailed(failedText(error)),
    );
  return (
    <section class="reach" data-testid="reach">
      <p role="status" class="reach-why">
        <Icon node={Mail} size={18} /> {sent || (mail.to ? t("known", { to: mail.to }) : t("ask"))}
      </p>
      {failed && (
        <p class="field-error" role="alert">
          {failed}
        </p>
      )}
      {asking || (!mail.to && sent === "") ? (
        <AddressForm
          button={t("remember")}
          onSend={(address) => askForMail(session.id, token, "reply", address).then(() => setAsking(false))}
          onCancel={asking ? () => setAsking(false) : null}
        />
      ) : (
        sent === "" && (
          <div class="reach-buttons">
            <Button kind="quiet" onClick={link} data-testid="reach-link">
              {t("link")}
            </Button>
            <Button kind="quiet" onClick={() => setAsking(true)}>
              {t("other")}
            </Button>
          </div>
        )
      )}
    </section>
  );
}

/** Offers the visitor a copy of the conversation by mail. */
export function CopyByMail({ session, token }: Part) {
  const [asking, setAsking] = useState(false);
  const [sent, setSent] = useState("");
  if (session.mail === null) return null;
  if (sent) return <p role="status">{sent}</p>;
  if (!asking)
    return (
      <Button icon={Mail} wide onClick={() => setAsking(true)} data-testid="copy-by-mail">
        {t("copy.ask")}
      </Button>
    );
  return (
    <AddressForm
      button={t("copy")}
      placeholder={session.mail.to}
      onSend={(address) => askForMail(session.id, token, "copy", address).then((to) => setSent(t("copy.sent", { to })))}
      onCancel={() => setAsking(false)}
    />
  );
}

/** A form that asks for a mail address. `placeholder`: the address that is known already, and used if the field is empty. */
function AddressForm({
  button,
  placeholder = "",
  onSend,
  onCancel,
}: {
  button: string;
  placeholder?: string;
  onSend: (address: string) => Promise<void>;
  onCancel: (() => void) | null;
}) {
  const [address, setAddress] = useState("");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    void onSend(address)
      .catch((error: unknown) => setFailed(failedText(error)))
      .then(() => setBusy(false));
  };
  return (
    <form class="reach-form" onSubmit={send}>
      <Field
        label={t("address")}
        type="email"
        autoComplete="email"
        value={address}
        placeholder={placeholder}
        maxLength={254}
        required={placeholder === ""}
        error={failed}
        data-testid="reach-address"
        onInput={(event) => setAddress(event.currentTarget.value)}
      />
      <Button kind="primary" type="submit" busy={busy} data-testid="reach-send">
        {button}
      </Button>
      {onCancel !== null && (
        <Button kind="quiet" onClick={onCancel}>
          {t("cancel")}
        </Button>
      )}
    </form>
  );
}
