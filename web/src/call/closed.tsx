import { DoorClosed, PhoneIncoming } from "lucide";
import { useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { AskCallback } from "../room/callback";
import { t as roomText } from "../room/words";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import type { Call } from "./call";
import { LeaveMessage } from "./leave-message";
import { t } from "./rare/words";
import { closedText, t as callText } from "./words";

/** The screen for a visitor for whom the opening hours ended before they asked for a counselor. It says when the topic opens
 *  again, and has a form for a message. */
export function Closed({ call, session }: { call: Call; session: SessionView }) {
  const [back, setBack] = useState(false);
  const leave = () => void call.client.connection.request({ type: "leave", session: session.id }).catch(() => undefined);
  return (
    <main class="message card" data-testid="call-closed">
      <Icon node={DoorClosed} size={40} />
      <h1>{callText("closed.title")}</h1>
      <p>{closedText(session)}</p>
      {back ? (
        <AskCallback client={call.client} session={session} onBack={() => setBack(false)} />
      ) : (
        <>
          {session.opening?.callbacks === true && (
            <Button icon={PhoneIncoming} kind="primary" onClick={() => setBack(true)} data-testid="choice-callback">
              {roomText("callback.offer")}
            </Button>
          )}
          <LeaveMessage call={call} back={t("closed.leave")} onBack={leave} />
        </>
      )}
    </main>
  );
}
