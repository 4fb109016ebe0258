import { Clock, Mail, PhoneIncoming } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { SessionView, WaitingView } from "../messages";
import { Chat } from "../room/chat";
import { serverNow } from "../room/state";
import { t as roomText } from "../room/words";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { useStore } from "../ui/store";
import type { Call } from "./call";
import { AskCallback, LeaveMessage, PushMe } from "./later";
import { duration, expectedWait } from "./screen";
import { closedText, t } from "./words";

/** The waiting screen: it shows the place in the queue and the expected wait, as they are now. Visitors can write already, or
 *  leave a message instead of waiting. */
export function Waiting({ call, session }: { call: Call; session: SessionView }) {
  const [instead, setInstead] = useState<"" | "message" | "callback">("");
  const { waiting } = session;
  const closed = session.opening?.open === false;
  const callbacks = session.opening?.callbacks === true;
  const nobody = waiting !== null && !waiting.staffed;
  const leave = () => void call.client.connection.request({ type: "leave", session: session.id }).catch(() => undefined);
  return (
    <div class="waiting">
      <section class="card waiting-place" aria-live="polite">
        {instead === "message" ? (
          <LeaveMessage call={call} onBack={() => setInstead("")} />
        ) : instead === "callback" ? (
          <AskCallback client={call.client} session={session} onBack={() => setInstead("")} />
        ) : (
          <>
            <div class={`waiting-pulse ${nobody ? "waiting-pulse-still" : ""}`} aria-hidden="true">
              <Icon node={Clock} size={32} />
            </div>
            <h1>{t(nobody ? (closed ? "closed.title" : "waiting.nobody.title") : "waiting.title")}</h1>
            {nobody ? <p>{closed ? closedText(session) : t("waiting.nobody.text")}</p> : waiting && <Place waiting={waiting} />}
            {closed && !nobody && (
              <p class="notice" data-testid="waiting-closed">
                {t("closed.line")}
              </p>
            )}
            {session.site.waiting_notice && <p class="notice">{session.site.waiting_notice}</p>}
            {waiting && <Since call={call} since={waiting.since} />}
            <PushMe session={session} token={call.handoff.token} onAsk={null} />
            <div class="buttons">
              {callbacks && (
                <Button
                  icon={PhoneIncoming}
                  kind={nobody ? "primary" : "plain"}
                  onClick={() => setInstead("callback")}
                  data-testid="choice-callback"
                >
                  {roomText("callback.offer")}
                </Button>
              )}
              <Button
                icon={Mail}
                kind={nobody && !callbacks ? "primary" : "plain"}
                onClick={() => setInstead("message")}
                data-testid="choice-message"
              >
                {t("waiting.message")}
              </Button>
              <Button kind="quiet" onClick={leave} data-testid="call-leave">
                {t("waiting.leave")}
              </Button>
            </div>
          </>
        )}
      </section>
      <section class="card waiting-chat">
        <p class="waiting-write">{t("waiting.write")}</p>
        <Chat client={call.client} session={session} pictures={call.pictures} />
      </section>
    </div>
  );
}

function Place({ waiting }: { waiting: WaitingView }) {
  const expected = expectedWait(waiting);
  return (
    <>
      <p class="waiting-number" data-testid="waiting-place">
        {waiting.asking_for
          ? t("waiting.asking_for", { name: waiting.asking_for })
          : waiting.ringing
            ? t("waiting.ringing")
            : waiting.place <= 1
              ? t("waiting.next")
              : t("waiting.place", { place: waiting.place })}
      </p>
      <p class="waiting-range">
        {expected.kind === "minutes"
          ? t("waiting.rangeMinutes", { low: expected.low, high: expected.high })
          : t(expected.kind === "soon" ? "waiting.soon" : "waiting.unknown")}
      </p>
    </>
  );
}

/** How long the visitor has waited. Screen readers do not announce this time, because it changes every second. */
function Since({ call, since }: { call: Call; since: number }) {
  const [now, setNow] = useState(Date.now);
  const state = useStore(call.client.state);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (since === 0) return null;
  return (
    <p class="waiting-since" aria-live="off">
      {t("waiting.since", { time: duration(serverNow(state, now) - since) })}
    </p>
  );
}
