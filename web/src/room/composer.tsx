import { SendHorizontal } from "lucide";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Audience } from "../messages";
import { IconButton } from "../ui/button";
import { toast } from "../ui/announce";
import type { Client } from "./client";
import { isTooLong, sends, TypingSignal } from "./compose";
import { RequestError } from "./connection";
import type { Pictures } from "./pictures";
import { Attach, FilesOnTheWay, takesFiles, useSharing } from "./sharing";
import { t } from "./words";

export interface AudienceChoice {
  value: Audience;
  /** The groups of readers among which the person can choose now. If there is only one group, the box shows it without a
   *  choice. */
  options: Audience[];
  onChange: (audience: Audience) => void;
  /** The reason why there is no choice of audience at the moment. */
  hint?: string;
}

export type Box = RefObject<HTMLTextAreaElement | null>;

/** The page's additions to the message box, such as saved replies. */
export interface ComposerAid {
  above: (box: Box, text: string) => ComponentChildren;
  beside: (box: Box) => ComponentChildren;
  /** Whether the text of the message box must not be sent yet. The part that `above` renders says why. */
  holds: (text: string) => boolean;
  /** Called when the text of the box has been sent. The function sends what else belongs to the line, such as the pictures of a
   *  saved reply. */
  sent: () => void;
  /** Returns the ids of the colleagues whom a line for staff mentions. */
  mentions: (text: string) => string[];
}

interface ComposerProps {
  aid?: ComposerAid;
  client: Client;
  session: string;
  pictures: Pictures;
  audience: AudienceChoice | undefined;
  to: Audience;
}

/** The message box, in which a person writes lines. Pictures can be chosen, pasted or dropped. */
export function Composer({ client, session, pictures, audience, to, aid }: ComposerProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const draft = client.drafts.get(session);
  const [text, setText] = useState(draft?.text ?? "");
  const keep = (words: string, focused: boolean) => {
    client.draft(session, words === "" && !focused ? null : { text: words, focused });
  };
  const tooLong = isTooLong(text.trim());
  const { uploading, sends: sendsFiles, dragged, share } = useSharing({ client, session, pictures, to });
  const tell = useTyping(client, session, to);
  const send = () => {
    const words = text.trim();
    if (words === "" || tooLong || aid?.holds(words) === true) return;
    try {
      const mentions = to === "staff" ? aid?.mentions(words) : undefined;
      client.sendLine({ session, text: words, audience: to, reply_to: client.replies.get()[session], mentions });
      client.replyTo(session, 0);
      aid?.sent();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      toast(t("refused.too_many"), "error");
      return;
    }
    setText("");
    keep("", true);
    tell("");
  };
  return (
    <form
      class={`composer ${to === "staff" ? "composer-staff" : ""} ${dragged ? "composer-dragged" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {audience && <AudienceSwitch {...audience} />}
      {uploading > 0 && (
        <p class="composer-state" role="status">
          {t("chat.uploading")}
        </p>
      )}
      {sendsFiles && <FilesOnTheWay client={client} session={session} token={pictures.token} />}
      {aid?.above(box, text)}
      {tooLong && (
        <p class="composer-state" role="status">
          {t("chat.tooLong")}
        </p>
      )}
      <div class="composer-row">
        <Attach files={takesFiles(client, session)} onPick={share} />
        {aid?.beside(box)}
        <GrowingBox
          box={box}
          text={text}
          focused={draft?.focused === true}
          onGone={(focused) => keep(client.drafts.get(session)?.text ?? "", focused)}
          onText={(next) => {
            setText(next);
            keep(next, true);
            tell(next);
          }}
          onSend={send}
          onFiles={share}
        />
        <IconButton
          icon={SendHorizontal}
          kind="primary"
          type="submit"
          label={t("chat.send")}
          disabled={text.trim() === "" || tooLong || aid?.holds(text) === true}
          data-testid="chat-send"
        />
      </div>
    </form>
  );
}

interface BoxProps {
  box: Box;
  text: string;
  /** Whether to focus the box when it appears. The box gets the focus if it had the focus before it moved to another place on the
   *  page. */
  focused: boolean;
  onGone: (focused: boolean) => void;
  onText: (text: string) => void;
  onSend: () => void;
  onFiles: (files: FileList) => void;
}

function GrowingBox({ box, text, focused, onGone, onText, onSend, onFiles }: BoxProps) {
  useLayoutEffect(() => {
    const made = box.current;
    if (focused) {
      made?.focus({ preventScroll: true });
      made?.setSelectionRange(text.length, text.length);
    }
    return () => onGone(document.activeElement === made);
  }, []);
  useEffect(() => {
    if (!box.current) return;
    box.current.style.height = "auto";
    box.current.style.height = `${Math.min(140, box.current.scrollHeight + 2)}px`;
  }, [text]);
  return (
    <textarea
      ref={box}
      class="input composer-input"
      dir="auto"
      rows={1}
      value={text}
      placeholder={t("chat.placeholder")}
      aria-label={t("chat.label")}
      data-testid="chat-input"
      enterkeyhint="send"
      onInput={(event) => onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (!sends(event)) return;
        event.preventDefault();
        onSend();
      }}
      onPaste={(event) => {
        const files = event.clipboardData?.files;
        if (!files?.length) return;
        event.preventDefault();
        onFiles(files);
      }}
    />
  );
}

function AudienceSwitch({ value, options, onChange, hint }: AudienceChoice) {
  return (
    <fieldset class="audience">
      <legend class="visually-hidden">{t("chat.audience")}</legend>
      {options.map((option) => (
        <label
          key={option}
          class={`audience-option audience-${option} ${option === value ? "audience-chosen" : ""}`}
          data-testid={`chat-audience-${option}`}
        >
          <input
            type="radio"
            name="chat-audience"
            class="visually-hidden"
            checked={option === value}
            onChange={() => onChange(option)}
          />
          {t(`chat.audience.${option}`)}
        </label>
      ))}
      {hint && <span class="field-hint">{hint}</span>}
    </fieldset>
  );
}

function useTyping(client: Client, session: string, audience: Audience): (text: string) => void {
  const signal = useRef(new TypingSignal());
  const say = (on: boolean | null) => {
    if (on !== null) client.connection.send({ type: "typing", session, on, audience });
  };
  useEffect(() => () => say(signal.current.ended()), [session]);
  return (text) => say(signal.current.changed(text, Date.now()));
}
