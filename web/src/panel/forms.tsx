/** The form for a message when no counselor is available, and the form to rate a conversation that has ended. */

import { Star } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import type { Client } from "../room/client";
import { RequestError } from "../room/connection";
import { Contact } from "../room/contact";
import { Button, Failure, Icon, TextArea } from "../ui";
import { t as roomText } from "../room/words";
import { refusalText, t, type PanelFailure } from "./words";
import { useDraft } from "../room/use-draft";
import { CopyByMail } from "../room/reach/mail-me";
import { transcriptPath } from "../room/transcript";
import { saveAs } from "../ui/save-as";

type Part = { client: Client; session: SessionView };

const reasonOf = (error: unknown): PanelFailure => (error instanceof RequestError ? error.reason : "other");

export function MessageForm({
  client,
  session,
  lead = "",
  written = "",
  onCallback = null,
  onBack,
}: Part & { lead?: string; written?: string; onCallback?: (() => void) | null; onBack: () => void }) {
  const [contact, setContact, contactSent] = useDraft(client, `${session.id} contact`);
  const [text, setText, textSent] = useDraft(client, `${session.id} message`, written);
  const [failed, setFailed] = useState<PanelFailure | "">("");
  const send = async (event: Event) => {
    event.preventDefault();
    try {
      await client.connection.request({ type: "leave_message", session: session.id, contact: contact.trim(), text: text.trim() });
      contactSent();
      textSent();
    } catch (error) {
      setFailed(reasonOf(error));
    }
  };
  return (
    <form class="p-scroll p-form" onSubmit={(event) => void send(event)}>
      <h1>{t("message.title")}</h1>
      {lead && (
        <p class="notice notice-warn" data-testid="panel-closed">
          {lead}
        </p>
      )}
      {onCallback !== null && (
        <Button wide data-testid="panel-choose-callback" onClick={onCallback}>
          {roomText("callback.offer")}
        </Button>
      )}
      <Contact
        label={t("message.contact")}
        hint={t("message.contact.hint")}
        value={contact}
        required
        data-testid="panel-contact"
        onInput={setContact}
      />
      <TextArea
        label={t("message.text")}
        value={text}
        rows={5}
        maxLength={4000}
        required
        data-testid="panel-message"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Failure text={failed && refusalText(failed)} />
      <Button kind="primary" wide type="submit" data-testid="panel-leave-message">
        {t("message.send")}
      </Button>
      <Button kind="quiet" wide onClick={onBack}>
        {t("cancel")}
      </Button>
    </form>
  );
}

/** The rating. A tap on a star sends the rating at once; the visitor can then add words. */
function Rating({ client, session }: Part) {
  const [score, setScore] = useState(0);
  const [words, setWords] = useState("");
  const [sent, setSent] = useState(false);
  const [failed, setFailed] = useState<PanelFailure | "">("");
  const rate = (stars: number, said = "") =>
    client.connection.request({ type: "rate", session: session.id, score: stars, words: said }).then(
      () => {
        setFailed("");
        setSent(said !== "");
      },
      (error: unknown) => setFailed(reasonOf(error)),
    );
  const tap = (stars: number) => {
    setScore(stars);
    void rate(stars, words.trim());
  };
  if (sent || (session.rated && score === 0)) return <p role="status">{t("after.thanks")}</p>;
  return (
    <>
      <fieldset class="p-stars">
        <legend>{t("after.rate")}</legend>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} class={value <= score ? "p-star p-star-lit" : "p-star"} title={t("after.star", { score: value })}>
            <input
              class="visually-hidden"
              type="radio"
              name="score"
              checked={value === score}
              data-testid={`panel-star-${value}`}
              onChange={() => tap(value)}
            />
            <Icon node={Star} size={30} />
            <span class="visually-hidden">{t("after.star", { score: value })}</span>
          </label>
        ))}
      </fieldset>
      {score > 0 && (
        <>
          <p role="status" data-testid="panel-rated">
            {failed === "" && session.rated && t("after.thanks")}
          </p>
          <TextArea
            label={t("after.words")}
            rows={2}
            maxLength={2000}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
          <Button wide disabled={!words.trim()} data-testid="panel-rate" onClick={() => void rate(score, words.trim())}>
            {t("after.send")}
          </Button>
        </>
      )}
      <Failure text={failed && refusalText(failed)} />
    </>
  );
}

/** Saves the transcript as a file. A plain link could not fetch the transcript, because the request needs the token in a
 *  header. */
async function saveCopy(session: string, token: string): Promise<void> {
  const response = await fetch(transcriptPath(session), { headers: { authorization: `Bearer ${token}` } });
  if (response.ok) saveAs(await response.blob(), "conversation.html");
}

export function After({ client, session, token, onNew }: Part & { token: string; onNew: () => void }) {
  const left = session.state === "message_left";
  return (
    <div class="p-scroll p-middle" data-testid="panel-after">
      <h1>{t(left ? "message.done" : "after.title")}</h1>
      {left ? (
        <p role="status">{t("message.sent")}</p>
      ) : (
        session.active_at != null && <Rating client={client} session={session} />
      )}
      {!left && (
        <Button wide onClick={() => void saveCopy(session.id, token).catch(() => undefined)}>
          {t("after.copy")}
        </Button>
      )}
      {!left && <CopyByMail session={session} token={token} />}
      <Button kind="quiet" wide data-testid="panel-restart" onClick={onNew}>
        {t("after.new")}
      </Button>
    </div>
  );
}
