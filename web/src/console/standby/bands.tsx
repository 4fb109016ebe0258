import type { StaffMe } from "../../messages";
import { Button, useLocale, useStore } from "../../ui";
import { standsBy, update } from "./standby";
import { t } from "./texts";

/** Offers a new version of the page. Nothing changes until the button is pressed. */
export function UpdateBand() {
  useLocale();
  const use = useStore(update);
  if (use === null) return null;
  return (
    <div class="notice band" role="status" data-testid="update">
      <span>{t("update")}</span>
      <Button onClick={use}>{t("update.do")}</Button>
    </div>
  );
}

/** Shown to an available member of staff. Says whether rings will still reach them if they close this page now. */
export function Reached({ me }: { me: StaffMe }) {
  useLocale();
  const on = useStore(standsBy);
  if (me.state !== "available") return null;
  return (
    <p class="dim" data-testid="reached">
      {t(on ? "closed.on" : "closed.off")}
    </p>
  );
}
