import { useState } from "preact/hooks";
import { RequestError } from "../room/connection";
import { Contact } from "../room/contact";
import { useDraft } from "../room/use-draft";
import { Button } from "../ui/button";
import { TextArea } from "../ui/field";
import type { Call } from "./call";
import { t } from "./rare/words";

/** A form for a message with contact details, for visitors who find nobody available or do not want to wait. */
export function LeaveMessage({ call, back = t("message.back"), onBack }: { call: Call; back?: string; onBack: () => void }) {
  const [contact, setContact, contactSent] = useDraft(call.client, `${call.session} contact`);
  const [text, setText, textSent] = useDraft(call.client, `${call.session} message`);
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setFailed(false);
    try {
      await call.client.connection.request({
        type: "leave_message",
        session: call.session,
        contact: contact.trim(),
        text: text.trim(),
      });
      contactSent();
      textSent();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      setFailed(true);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="message-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <h2>{t("message.title")}</h2>
      <Contact
        label={t("message.contact")}
        hint={t("message.contactHint")}
        value={contact}
        required
        data-testid="message-contact"
        onInput={setContact}
      />
      <TextArea
        label={t("message.text")}
        value={text}
        maxLength={4000}
        required
        onInput={(event) => setText(event.currentTarget.value)}
        data-testid="message-text"
      />
      {failed && (
        <p class="notice notice-danger" role="alert">
          {t("message.failed")}
        </p>
      )}
      <div class="buttons">
        <Button onClick={onBack}>{back}</Button>
        <Button kind="primary" type="submit" busy={busy} data-testid="message-send">
          {t("message.send")}
        </Button>
      </div>
    </form>
  );
}
