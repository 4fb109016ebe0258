import type { HelpView, Mode, SessionView } from "../messages";
import { Button } from "../ui";
import type { Actions } from "./actions";
import { HearingPicture } from "./hearing";
import { cast, hearsIn, interpreterOf } from "./logic/hearing";
import { keyLabel } from "./logic/keys";
import { nameOf } from "../staff/names";
import { t } from "../staff/texts";

export const MODES = ["consultation", "whisper", "conference"] as const;

/** A mode that the person has chosen and sees as a preview, but has not applied yet. */
export interface Planned {
  mode: Mode;
  hear_user: boolean;
}

export function isChange(planned: Planned | null, help: HelpView): planned is Planned {
  if (planned === null || help.mode === null) return false;
  return planned.mode !== help.mode || (planned.mode === "consultation" && planned.hear_user !== help.hear_user);
}

/** Returns whether the session's owner is allowed to hand it over. In a transfer, every mode allows this; otherwise only
 *  "conference", in which everybody hears everybody. */
export const mayHandOver = (help: HelpView): boolean =>
  help.mode === "conference" || (help.mode !== null && help.transfer !== "");

/** Returns a sentence that says who would hear whom in a mode. */
export function willDo(session: SessionView, { mode, hear_user }: Planned): string {
  const who = cast(session.participants);
  const name = (id: string) => (id === session.you ? t("hear.you") : nameOf(session.participants.find((one) => one.id === id)));
  const args = { user: name(who.user), counselor: name(who.counselor), professional: name(who.professional) };
  const said = t(`mode.${mode}.will`, args);
  const more =
    mode === "consultation" ? hear_user && t("mode.consultation.hear", args) : interpreterOf(session) && t("mode.interpreted");
  const whole = more ? `${said} ${more}` : said;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

interface ModesProps {
  session: SessionView;
  help: HelpView;
  planned: Planned | null;
  actions: Pick<Actions, "setMode">;
  onPlan: (planned: Planned | null) => void;
  onHandOver: (() => void) | null;
}

/** The switch between the three modes, which say who hears whom. Choosing a mode only shows a preview; the button "apply" changes
 *  the mode. */
export function Modes({ session, help, planned, actions, onPlan, onHandOver }: ModesProps) {
  if (help.mode === null) return null;
  const changing = isChange(planned, help);
  const shown: Planned = changing ? planned : { mode: help.mode, hear_user: help.hear_user };
  const apply = () => void actions.setMode(session.id, shown.mode, shown.hear_user).then((done) => done && onPlan(null));
  return (
    <section class="modes card-part" aria-label={t("hear.title")}>
      <h2>{t(changing ? "hear.after" : "hear.title")}</h2>
      {session.room?.media === true && (
        <HearingPicture
          session={session}
          preview={
            changing ? hearsIn(shown.mode, shown.hear_user, cast(session.participants), interpreterOf(session)) : undefined
          }
        />
      )}
      <div class="segments modes-switch" role="radiogroup" aria-label={t("mode.group")}>
        {MODES.map((mode, i) => (
          <button
            key={mode}
            type="button"
            role="radio"
            aria-checked={shown.mode === mode}
            class={help.mode === mode ? "mode-now" : ""}
            title={keyLabel(mode)}
            data-testid={`mode-${mode}`}
            onClick={() => onPlan({ mode, hear_user: mode === help.mode ? help.hear_user : false })}
          >
            {t(`mode.${mode}`)}
            <span class="mode-mark">{help.mode === mode ? t("mode.now") : <kbd>{i + 1}</kbd>}</span>
          </button>
        ))}
      </div>
      {shown.mode === "consultation" && (
        <label class="check">
          <input
            type="checkbox"
            checked={shown.hear_user}
            data-testid="hear-user"
            onChange={(event) => onPlan({ mode: "consultation", hear_user: event.currentTarget.checked })}
          />
          {t("mode.hear_user")} <kbd>{keyLabel("hear_user")}</kbd>
        </label>
      )}
      <p class={changing ? "mode-words mode-words-change" : "mode-words"} aria-live="polite">
        {willDo(session, shown)}
      </p>
      {changing && (
        <div class="row">
          <Button kind="primary" onClick={apply} data-testid="mode-apply">
            {shown.mode === help.mode ? t("mode.apply.hear") : t("mode.apply", { mode: t(`mode.${shown.mode}`) })}
          </Button>
          <Button kind="quiet" onClick={() => onPlan(null)}>
            {t("cancel")}
          </Button>
        </div>
      )}
      {onHandOver !== null && !changing && (
        <Button
          disabled={!mayHandOver(help)}
          title={mayHandOver(help) ? keyLabel("hand_over") : t("handover.only")}
          onClick={onHandOver}
          data-testid="hand-over"
        >
          {t("ctl.hand_over")} {mayHandOver(help) && <kbd>{keyLabel("hand_over")}</kbd>}
        </Button>
      )}
    </section>
  );
}
