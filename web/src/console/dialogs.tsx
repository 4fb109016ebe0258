import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { Button, Dialog } from "../ui";
import type { Actions } from "./actions";
import { BINDINGS } from "./logic/keys";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

const GROUPS = ["call", "room", "help", "console"] as const;

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("keys.title")} closeLabel={t("close")} onClose={onClose} class="keys-dialog">
      <p class="dim">{t("keys.lead")}</p>
      <div class="keys-groups">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`keys.group.${group}`)}</h3>
            <dl class="keys-list">
              {BINDINGS.filter((one) => one.group === group).map((one) => (
                <div key={one.action}>
                  <dt>{t(`key.${one.action}`)}</dt>
                  <dd>
                    <kbd>{one.label}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

interface AskProps {
  title: string;
  text: string;
  yes: string;
  kind: "danger" | "primary";
  testid: string;
  onYes: () => Promise<boolean>;
  onClose: () => void;
}

function Ask({ title, text, yes, kind, testid, onYes, onClose }: AskProps) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    if (await onYes()) onClose();
    else setBusy(false);
  };
  return (
    <Dialog title={title} closeLabel={t("close")} onClose={onClose}>
      <div class="stack">
        <p>{text}</p>
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button kind={kind} busy={busy} autoFocus data-testid={testid} onClick={() => void run()}>
            {yes}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

interface SessionAskProps {
  session: SessionView;
  actions: Pick<Actions, "leave" | "handOver">;
  onClose: () => void;
}

/** Asks whether to end the session. The console opens this dialog only while the visitor is present. */
export function EndDialog({ session, actions, onClose }: SessionAskProps) {
  return (
    <Ask
      title={t("end.title")}
      text={t("end.text", { name: nameOf(userOf(session)) })}
      yes={t("end.do")}
      kind="danger"
      testid="end-confirm"
      onYes={() => actions.leave(session.id)}
      onClose={onClose}
    />
  );
}

export function LeaveDialog({ session, actions, onClose }: SessionAskProps) {
  const owner = session.participants.find((one) => one.owner);
  return (
    <Ask
      title={t("leave.title")}
      text={t("leave.text", { name: nameOf(owner) })}
      yes={t("leave.do")}
      kind="danger"
      testid="leave-confirm"
      onYes={() => actions.leave(session.id)}
      onClose={onClose}
    />
  );
}

export function HandOverDialog({ session, actions, onClose }: SessionAskProps) {
  const name = nameOf(session.participants.find((one) => one.id === session.help?.professional));
  return (
    <Ask
      title={t("handover.title")}
      text={t("handover.text", { name, user: nameOf(userOf(session)) })}
      yes={t("handover.do", { name })}
      kind="primary"
      testid="hand-over-confirm"
      onYes={() => actions.handOver(session.id)}
      onClose={onClose}
    />
  );
}
