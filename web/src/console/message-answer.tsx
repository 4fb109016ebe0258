import { useState } from "preact/hooks";
import type { MessageLeft } from "../messages";
import { textOr, t } from "../staff/texts";
import { Button, TextArea, toast } from "../ui";

interface MessageAnswerProps {
  message: MessageLeft;
  onSend: (text: string) => Promise<boolean>;
}

/** Says whether the answer to a visitor's message was mailed. While there is no answer, offers a field to write it. */
export function MessageAnswer({ message, onSend }: MessageAnswerProps) {
  const [text, setText] = useState<string | null>(null); // null while the field is closed
  const [busy, setBusy] = useState(false);
  if (message.answer !== "")
    return (
      <p role="status" data-testid="message-answered" class={message.answer === "refused" ? "notice notice-warn" : "dim"}>
        {t(`message.answer.${message.answer}`)} {message.why !== "" && textOr(`message.why.${message.why}`, message.why)}
      </p>
    );
  if (!message.by_mail) return null;
  if (text === null)
    return (
      <Button onClick={() => setText("")} data-testid="message-answer">
        {t("message.answer")}
      </Button>
    );
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    if (await onSend(text.trim())) {
      // shown as a toast, because on a phone the conversation covers the list that shows the answer
      toast(t("message.answer.stored"));
      setText(null);
    }
    setBusy(false);
  };
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      <TextArea
        label={t("message.answer")}
        hint={t("message.answer.hint")}
        rows={4}
        maxLength={4000}
        value={text}
        data-testid="message-answer-text"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="row row-end">
        <Button kind="quiet" onClick={() => setText(null)}>
          {t("cancel")}
        </Button>
        <Button kind="primary" type="submit" busy={busy} disabled={text.trim() === ""} data-testid="message-answer-send">
          {t("message.answer.send")}
        </Button>
      </div>
    </form>
  );
}
