import { Ear, EarOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { attempt } from "../staff/attempt";
import { nameOf, userOf } from "../staff/names";
import { Captions } from "../room/captions/lazy";
import type { Client } from "../room/client";
import { Devices } from "../room/devices";
import { RoomAudio } from "../room/media";
import { RoomLink } from "../room/room-link";
import { Button, Icon, toast, useStore } from "../ui";
import { Speaking, Told } from "./speaking";
import { t, textOr } from "./texts";

export interface Listening {
  /** The session to which the operator listens; "" for none. */
  session: string;
  start: (session: string) => Promise<boolean>;
  stop: () => void;
}

/** Lets the operator listen in, on one call at a time. The server ends the listening when the operator's connection breaks.
 *  After a reconnection, the operator must start again. */
export function useListening(client: Client): Listening {
  const [session, setSession] = useState("");
  useEffect(
    () =>
      client.onMessage((message) => {
        if (message.type === "welcome") setSession("");
        if (message.type !== "session_over" && message.type !== "replaced") return;
        const why = message.type === "session_over" ? message.reason : "replaced";
        setSession((was) => (was === message.session ? "" : was));
        if (why !== "stopped") toast(textOr(`listen.over.${why}`, t("listen.over.ended")));
      }),
    [client],
  );
  const ask = (id: string, on: boolean) => attempt(() => client.connection.request({ type: "listen", session: id, on }));
  return {
    session,
    start: async (id) => {
      if (session !== "" && session !== id) await ask(session, false);
      const begun = await ask(id, true);
      if (begun) setSession(id);
      return begun;
    },
    stop: () => void ask(session, false),
  };
}

/** Plays a call to the operator who listens in, and shows a band as long as the call is played. Asks for the operator's
 *  microphone only when the operator whispers or joins. */
export function ListeningBand({ client, session, onStop }: { client: Client; session: string; onStop: () => void }) {
  const [link, setLink] = useState<RoomLink | null>(null);
  useEffect(() => {
    const devices = new Devices();
    const made = new RoomLink(client, session, devices);
    setLink(made);
    return () => {
      made.close();
      devices.close();
      setLink(null);
    };
  }, [client, session]);
  const view = useStore(client.state, (state) => state.sessions[session]);
  if (view === undefined) return null;
  const counselor = view.participants.find((one) => one.owner);
  const heard = (view.room?.hears[view.you] ?? []).length > 0;
  const names = { user: nameOf(userOf(view)), counselor: nameOf(counselor) };
  return (
    <div class="notice notice-warn band listening" role="status" data-testid="listening">
      <Icon node={heard ? Ear : EarOff} />
      <span>
        <strong>{t("listen.now", names)}</strong>{" "}
        {link !== null && <Told view={view} devices={link.devices} heard={heard} names={names} />}
      </span>
      {view.captions && <Captions client={client} session={view} />}
      {link !== null && <Speaking client={client} view={view} devices={link.devices} names={names} />}
      <Button kind="primary" onClick={onStop} data-testid="listen-stop">
        {t("listen.stop")}
      </Button>
      {link !== null && <RoomAudio link={link} />}
    </div>
  );
}
