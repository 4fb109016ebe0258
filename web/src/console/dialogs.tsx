import type { SessionView } from "../messages";
import { Dialog } from "../ui";
import type { Actions } from "./actions";
import { BINDINGS, writingKeys } from "./logic/keys";
import { Confirm } from "../staff/confirm";
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
        <section>
          <h3>{t("keys.group.writing")}</h3>
          <dl class="keys-list">
            {writingKeys(navigator.userAgent).map(([key, label]) => (
              <div key={key}>
                <dt>{t(`key.writing.${key}`)}</dt>
                <dd>
                  <kbd>{label}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
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
    <Confirm
      title={t("end.title")}
      yes={t("end.do")}
      testid="end-confirm"
      onYes={() => actions.leave(session.id)}
      onClose={onClose}
      autoFocus
    >
      <p>{t("end.text", { name: nameOf(userOf(session)) })}</p>
    </Confirm>
  );
}

export function LeaveDialog({ session, actions, onClose }: SessionAskProps) {
  const owner = session.participants.find((one) => one.owner);
  return (
    <Confirm
      title={t("leave.title")}
      yes={t("leave.do")}
      testid="leave-confirm"
      onYes={() => actions.leave(session.id)}
      onClose={onClose}
      autoFocus
    >
      <p>{t("leave.text", { name: nameOf(owner) })}</p>
    </Confirm>
  );
}

export function HandOverDialog({ session, actions, onClose }: SessionAskProps) {
  const name = nameOf(session.participants.find((one) => one.id === session.help?.professional));
  return (
    <Confirm
      title={t("handover.title")}
      yes={t("handover.do", { name })}
      kind="primary"
      testid="hand-over-confirm"
      onYes={() => actions.handOver(session.id)}
      onClose={onClose}
      autoFocus
    >
      <p>{t("handover.text", { name, user: nameOf(userOf(session)) })}</p>
    </Confirm>
  );
}
