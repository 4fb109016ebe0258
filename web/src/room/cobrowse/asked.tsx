/** The user's side of co-browsing. First it shows the counselor's question. While staff can see the page, it shows a notice that
 *  says who sees the page, and a button that ends co-browsing. */

import { Eye, EyeOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { announce } from "../../ui/announce";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale } from "../../ui/store";
import type { Client } from "../client";
import { participant } from "../state";
import { list } from "../words";
import { t } from "./words";
import "./asked.css";

/** For this many ms after the question has appeared, the button to agree does nothing. The question can appear under a finger
 *  or pointer just before a press that was meant for something else. */
const SETTLES_MS = 700;

interface Props {
  client: Client;
  session: SessionView;
}

export function Asked({ client, session }: Props) {
  useLocale();
  const { cobrowse } = session;
  const name = participant(session, cobrowse?.by ?? "")?.name ?? "";
  const state = cobrowse?.state ?? "";
  const recorded = session.recording?.state === "on";
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    setSettled(false);
    if (state !== "asked") return;
    announce(t("asked", { name }));
    const timer = setTimeout(() => setSettled(true), SETTLES_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (!cobrowse || state === "") return null;
  const answer = (on: boolean) =>
    void client.connection.request({ type: "cobrowse", session: session.id, on }).catch(() => undefined);
  if (state === "asked")
    return (
      <section class="cobrowse cobrowse-asked" role="group" aria-label={t("asked", { name })} data-testid="cobrowse-asked">
        <p class="cobrowse-question">
          <Icon node={Eye} size={20} />
          <strong>{t("asked", { name })}</strong>
        </p>
        <p>{t(cobrowse.texts === "open" ? "asked.open" : "asked.strict", { name, site: session.site.name })}</p>
        {recorded && <p data-testid="cobrowse-recorded">{t("asked.recorded", { name })}</p>}
        <span class="cobrowse-buttons">
          <Button onClick={() => answer(false)} data-testid="cobrowse-no">
            {t("no")}
          </Button>
          <Button kind="primary" disabled={!settled} onClick={() => answer(true)} data-testid="cobrowse-yes">
            {t("yes")}
          </Button>
        </span>
      </section>
    );
  const seers = cobrowse.seen_by.map((id) => participant(session, id)?.name ?? "").filter(Boolean);
  return (
    <section class="cobrowse" aria-label={t("shown")} data-testid="cobrowse-on">
      <Icon node={seers.length > 0 ? Eye : EyeOff} size={18} />
      <p role="status">
        {seers.length > 0 ? t("seen", { names: list(seers) }) : t("unseen", { name })}
        {seers.length > 0 && recorded && <span class="cobrowse-recorded">{t("recorded")}</span>}
      </p>
      <Button onClick={() => answer(false)} data-testid="cobrowse-stop">
        {t("stop")}
      </Button>
    </section>
  );
}
