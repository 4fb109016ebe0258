import { Mic } from "lucide";
import { optional } from "../room/lazy";
import type { StaffMe } from "../messages";
import { Button } from "../ui";
import { t } from "../staff/texts";

const Reached = optional(
  () => import("./standby/bands"),
  (module) => module.Reached,
);

/** Shown while this member of staff has no session. Says how the next session will begin. Offers a device test. */
export function Idle({ me, onState, onTest }: { me: StaffMe; onState: (state: "available") => void; onTest: () => void }) {
  const away = me.state === "away";
  return (
    <main class="room room-idle">
      <div class="idle">
        <span class={`idle-light idle-${away ? "away" : "available"}`} aria-hidden="true" />
        <h1>{t(away ? "idle.away" : "idle.available")}</h1>
        <p class="dim">{t("idle.lead")}</p>
        <Reached me={me} />
        <div class="row row-centre">
          {away && (
            <Button kind="primary" onClick={() => onState("available")}>
              {t("idle.go")}
            </Button>
          )}
          <Button icon={Mic} onClick={onTest} data-testid="device-test">
            {t("idle.test")}
          </Button>
        </div>
      </div>
    </main>
  );
}
