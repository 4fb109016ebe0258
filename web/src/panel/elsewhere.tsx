/** Shown while the session runs in the call window or in a newer tab. */

import { AppWindow, CircleCheck, MessageCircle } from "lucide";
import { Button, Failure, Icon } from "../ui";
import type { Panel } from "./panel";
import type { PanelState } from "./state";
import { refusalText, t } from "./words";

function Ended({ panel }: { panel: Panel }) {
  return (
    <div class="p-scroll p-middle">
      <Icon node={CircleCheck} size={40} />
      <h1>{t("after.title")}</h1>
      <p role="status" data-testid="panel-window-ended">
        {t("window.ended")}
      </p>
      <Button kind="primary" wide data-testid="panel-new" onClick={() => panel.anew()}>
        {t("window.new")}
      </Button>
    </div>
  );
}

export function InWindow({ panel, state }: { panel: Panel; state: PanelState }) {
  if (state.ended) return <Ended panel={panel} />;
  const text = state.blocked ? "window.blocked" : state.closed ? "window.closed" : "window.text";
  return (
    <div class="p-scroll p-middle">
      <Icon node={AppWindow} size={40} />
      <h1>{t("window.title")}</h1>
      <p class={state.blocked ? "notice notice-warn" : ""} role="status" data-testid="panel-elsewhere">
        {t(text)}
      </p>
      <Failure text={state.refusal && refusalText(state.refusal)} />
      <Button kind="primary" wide data-testid="panel-continue" onClick={() => panel.resume()}>
        {t(state.blocked || state.closed ? "window.open" : "window.continue")}
      </Button>
      {state.closed && (
        <Button wide data-testid="panel-talk-here" onClick={() => panel.talkHere()}>
          {t("window.here")}
        </Button>
      )}
      <Button kind="quiet" wide data-testid="panel-new" onClick={() => panel.anew()}>
        {t("window.new")}
      </Button>
    </div>
  );
}

export function Replaced({ panel, away }: { panel: Panel; away: boolean }) {
  if (away)
    return (
      <div class="p-scroll p-middle">
        <Icon node={MessageCircle} size={40} />
        <h1>{t("replaced.title")}</h1>
        <p role="alert" data-testid="panel-away">
          {t("replaced.away")}
        </p>
        <Button kind="quiet" wide data-testid="panel-new" onClick={() => panel.anew()}>
          {t("window.new")}
        </Button>
      </div>
    );
  return (
    <div class="p-scroll p-middle">
      <Icon node={MessageCircle} size={40} />
      <h1>{t("replaced.title")}</h1>
      <p role="status">{t("replaced.text")}</p>
      <Button kind="primary" wide data-testid="panel-here" onClick={() => panel.takeBack()}>
        {t("replaced.here")}
      </Button>
    </div>
  );
}
