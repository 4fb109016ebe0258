import { Clock, Mail, PhoneIncoming, UserRoundSearch, WifiOff } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { failureText } from "../room/failures";
import { AskCallback } from "../room/callback";
import { nameAndRole, t as roomText } from "../room/words";
import { toast } from "../ui/announce";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import type { Call } from "./call";
import { LeaveMessage } from "./leave-message";
import { t } from "./rare/words";

/** Shown when the counselor was disconnected and did not come back. The screen offers the visitor up to four ways to go on. */
export function Lost({ call, session }: { call: Call; session: SessionView }) {
  const [instead, setInstead] = useState<"" | "message" | "callback">("");
  const owner = session.participants.find((one) => one.owner);
  const name = owner ? nameAndRole(owner) : "";
  const choose = (choice: "wait" | "another") =>
    void call.client.connection
      .request({ type: "choose", session: session.id, choice })
      .catch((error: unknown) => toast(failureText(error), "error"));
  const waits = !session.choices.includes("wait");
  return (
    <section class="lost card" aria-live="assertive">
      {instead === "message" ? (
        <LeaveMessage call={call} onBack={() => setInstead("")} />
      ) : instead === "callback" ? (
        <AskCallback client={call.client} session={session} onBack={() => setInstead("")} />
      ) : (
        <>
          <Icon node={WifiOff} size={36} />
          <h1>{t("lost.title", { name })}</h1>
          <p>{waits ? t("lost.waiting", { name }) : t("lost.text")}</p>
          <div class="lost-choices">
            {!waits && (
              <Button icon={Clock} wide onClick={() => choose("wait")} data-testid="choice-wait">
                {t("lost.wait")}
              </Button>
            )}
            {session.choices.includes("another") && (
              <Button icon={UserRoundSearch} kind="primary" wide onClick={() => choose("another")} data-testid="choice-another">
                {t("lost.another")}
              </Button>
            )}
            {session.opening?.callbacks === true && (
              <Button icon={PhoneIncoming} wide onClick={() => setInstead("callback")} data-testid="choice-callback">
                {roomText("callback.offer")}
              </Button>
            )}
            <Button icon={Mail} wide onClick={() => setInstead("message")} data-testid="choice-message">
              {t("lost.message")}
            </Button>
          </div>
          <p class="field-hint">{t("lost.anotherHint")}</p>
        </>
      )}
    </section>
  );
}
