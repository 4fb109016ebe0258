import { Link2, PhoneIncoming, PhoneMissed } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { TimeSelect, useTimes } from "../room/callback";
import type { Client } from "../room/client";
import { Button, Icon, locale, toast, whenText } from "../ui";
import type { Actions } from "./actions";
import { t } from "../staff/texts";

/** Whether the counselor is calling this visitor back, and the visitor has not entered the conversation yet. */
export const callsBack = ({ state, callback }: SessionView): boolean =>
  state === "active" && callback?.state === "calling" && !callback.came;

interface Props {
  client: Client;
  session: SessionView;
  actions: Pick<Actions, "invite" | "moveCallback" | "missCallback">;
}

/** Shown to the counselor instead of the people's pictures until the visitor enters the conversation of a callback. The card
 *  shows the visitor's contact, makes a new link for the visitor, and has a button to press when nobody answers. */
export function CallbackCard({ client, session, actions }: Props) {
  const [missed, setMissed] = useState(false);
  const { callback } = session;
  if (callback === null) return null;
  return (
    <section class="callback card" data-testid="callback">
      <header>
        <h2>
          <Icon node={PhoneIncoming} /> {t(callback.minutes > 0 ? "ring.title.appointment" : "callback.title")}
        </h2>
        <p class="dim">{t("callback.agreed", { when: whenText(callback.due_at, Date.now(), locale()) })}</p>
      </header>
      <dl class="facts">
        <div>
          <dt>{t("message.contact")}</dt>
          <dd>{callback.contact ? <Contact contact={callback.contact} /> : t("callback.no_contact")}</dd>
        </div>
        {callback.note && (
          <div>
            <dt>{t("ring.note")}</dt>
            <dd dir="auto">{callback.note}</dd>
          </div>
        )}
      </dl>
      <FreshLink session={session.id} actions={actions} />
      {missed ? (
        <Missed client={client} session={session} actions={actions} onBack={() => setMissed(false)} />
      ) : (
        <div class="row">
          <p class="dim callback-hint">{t("callback.end")}</p>
          <Button icon={PhoneMissed} onClick={() => setMissed(true)} data-testid="callback-missed">
            {t("callback.missed")}
          </Button>
        </div>
      )}
    </section>
  );
}

/** The contact as the visitor typed it. A press on it dials the number or begins a mail, if the device can do that. */
function Contact({ contact }: { contact: string }) {
  const number = contact.replaceAll(/[\s().-]/g, "");
  const href = /^\+?\d{5,15}$/.test(number) ? `tel:${number}` : /^[^\s@]+@[^\s@]+$/.test(contact) ? `mailto:${contact}` : "";
  const shown = (
    <strong class="selectable" data-testid="callback-where">
      {contact}
    </strong>
  );
  return href ? <a href={href}>{shown}</a> : shown;
}

function FreshLink({ session, actions }: Pick<Props, "actions"> & { session: string }) {
  const [url, setUrl] = useState("");
  const make = async () => {
    const made = await actions.invite(session);
    if (made === "") return;
    setUrl(made);
    if (!isSecureContext) return; // without a secure context there is no clipboard; the person copies the link from the field
    await navigator.clipboard.writeText(made).then(
      () => toast(t("callback.link.copied")),
      () => undefined, // if the browser forbids the clipboard, the person copies the link by hand
    );
  };
  return (
    <div class="callback-link">
      <Button icon={Link2} onClick={() => void make()} data-testid="callback-link">
        {t("callback.link")}
      </Button>
      {url === "" ? (
        <p class="dim">{t("callback.link.hint")}</p>
      ) : (
        <input
          class="input"
          readOnly
          value={url}
          aria-label={t("callback.link.label")}
          data-testid="callback-url"
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </div>
  );
}

function Missed({ client, session, actions, onBack }: Props & { onBack: () => void }) {
  const times = useTimes(client, session);
  const [at, setAt] = useState(0);
  const chosen = at || times?.[0] || 0;
  return (
    <div class="stack callback-again">
      {times !== null && times.length > 0 && (
        <TimeSelect times={times} value={chosen} label={t("callback.again.when")} onChange={setAt} />
      )}
      <div class="row">
        <Button
          kind="primary"
          disabled={chosen === 0}
          onClick={() => void actions.moveCallback(session.id, chosen)}
          data-testid="callback-again"
        >
          {t("callback.again")}
        </Button>
        <Button onClick={() => void actions.missCallback(session.id)} data-testid="callback-give-up">
          {t("callback.give_up")}
        </Button>
        <Button kind="quiet" onClick={onBack}>
          {t("back")}
        </Button>
      </div>
    </div>
  );
}
