import { useState } from "preact/hooks";
import { RequestError } from "../room/connection";
import { useDraft } from "../room/use-draft";
import { Button } from "../ui/button";
import { Field, TextArea } from "../ui/field";
import type { Call } from "./call";
import { t } from "./rare/words";

const CONTACT_LEAST = 3;

/** A form for a message with contact details, for visitors who find nobody available or do not want to wait. */
export function LeaveMessage({ call, back = t("message.back"), onBack }: { call: Call; back?: string; onBack: () => void }) {
  const [contact, setContact, contactSent] = useDraft(call.client, `${call.session} contact`);
  const [text, setText, textSent] = useDraft(call.client, `${call.session} message`);
  const [problem, setProblem] = useState<"" | "message.short" | "message.failed">("");
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (contact.trim().length < CONTACT_LEAST) {
      setProblem("message.short");
      return;
    }
    setBusy(true);
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
      setProblem("message.failed");
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
      <Field
        label={t("message.contact")}
        hint={t("message.contactHint")}
        error={problem === "message.short" ? t(problem) : ""}
        value={contact}
        maxLength={200}
        onInput={(event) => {
          setContact(event.currentTarget.value);
          setProblem("");
        }}
        data-testid="message-contact"
      />
      <TextArea
        label={t("message.text")}
        value={text}
        maxLength={4000}
        onInput={(event) => setText(event.currentTarget.value)}
        data-testid="message-text"
      />
      {problem === "message.failed" && (
        <p class="notice notice-danger" role="alert">
          {t(problem)}
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
