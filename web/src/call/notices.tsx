import { useEffect, useRef } from "preact/hooks";
import type { SessionView } from "../messages";
import { hearing } from "../room/hearing";
import { listeners, others, participant } from "../room/state";
import { list, nameAndRole } from "../room/words";
import { announce } from "../ui/announce";
import { useStore } from "../ui/store";
import type { Call } from "./call";
import { t } from "./words";

interface Notice {
  text: string;
  kind: "" | "warn" | "help" | "danger";
}

/** The notices above the pictures of the people. There is at most one notice about the connection, at most one about the people,
 *  and at most one about operators who listen in. Screen readers announce all of them. */
export function Notices({ call, session }: { call: Call; session: SessionView }) {
  const shown = [useConnectionNotice(call, session), aboutPeople(session), aboutListeners(session)].filter(
    (notice) => notice !== null,
  );
  useArrivals(session);
  useHoldSpoken(session);
  return (
    <div class="notices" role="status" aria-live="polite">
      {shown.map((notice) => (
        <p key={notice.text} class={`notice notice-${notice.kind}`} data-testid="notice">
          {notice.text}
        </p>
      ))}
    </div>
  );
}

function useConnectionNotice(call: Call, session: SessionView): Notice | null {
  const status = useStore(call.client.state, (state) => state.status);
  const peer = useStore(call.room.peer.state);
  if (status !== "open") return { text: t("notice.reconnecting"), kind: "warn" };
  if (!session.room?.media) return null;
  if (peer.status === "text_only") return { text: t("notice.text_only"), kind: "warn" };
  if (peer.status === "connecting")
    return { text: t(peer.returning ? "notice.mediaReturning" : "notice.connecting"), kind: peer.returning ? "warn" : "" };
  return null;
}

function aboutPeople(session: SessionView): Notice | null {
  const { notice, about, hearers } = hearing(session);
  const name = about ? nameAndRole(about) : "";
  switch (notice) {
    case "asking_heard":
      return { text: t("notice.asking_heard", { names: list(hearers.map(nameAndRole)) }), kind: "help" };
    case "asking_unheard":
      return { text: t("notice.asking_unheard"), kind: "help" };
    case "asking_colleague":
      return { text: t("notice.asking_colleague"), kind: "help" };
    case "passing_on":
      return { text: t("notice.passing_on", { name, to: session.room?.passing_to ?? "" }), kind: "help" };
    case "on_hold":
      return { text: t("notice.on_hold", { name }), kind: "help" };
    case "reading_along":
      return { text: t("notice.reading_along", { name }), kind: "help" };
    case "person_lost":
      return { text: t("notice.person_lost", { name }), kind: "warn" };
    default:
      return null;
  }
}

/** Returns the notice that an operator listens in; null if no operator does. The notice stays as long as somebody listens, even
 *  beside other notices. */
function aboutListeners(session: SessionView): Notice | null {
  const names = listeners(session).map(nameAndRole);
  if (names.length === 0) return null;
  return { text: t(names.length > 1 ? "notice.listened.many" : "notice.listened", { names: list(names) }), kind: "warn" };
}

const SAID_AGAIN_MS = 30_000;

/** While the visitor waits, for example on hold, repeats the reason to screen readers every 30 s. Announces when the counselor is
 *  back after a hold. The browser's speech synthesis is not used, because many browsers send the spoken text to the server of the
 *  browser's maker. */
function useHoldSpoken(session: SessionView): void {
  const holding = session.room?.notice ?? "";
  const text = holding === "" ? "" : (aboutPeople(session)?.text ?? "");
  const held = useRef(false);
  useEffect(() => {
    const owner = session.participants.find((one) => one.owner);
    if (held.current && holding === "" && owner && session.state === "active")
      announce(t("notice.hold_over", { name: nameAndRole(owner) }));
    held.current = holding === "on_hold";
  }, [holding]);
  useEffect(() => {
    if (text === "") return;
    const again = setInterval(() => announce(text), SAID_AGAIN_MS);
    return () => clearInterval(again);
  }, [text]);
}

/** Announces to screen readers that somebody has joined, and that a disconnected person is back. Says nothing about the counselor
 *  who owns the session. */
function useArrivals(session: SessionView): void {
  const here = others(session)
    .filter((one) => !one.owner && one.presence === "here")
    .map((one) => one.id);
  const known = useRef(here);
  const key = here.join(" ");
  useEffect(() => {
    const arrived = here.filter((id) => !known.current.includes(id));
    known.current = here;
    for (const id of arrived) {
      const person = participant(session, id);
      if (person) announce(t("notice.professional", { name: nameAndRole(person) }));
    }
  }, [key]);
}
