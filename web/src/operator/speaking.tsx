/** Controls with which an operator who listens in whispers to the counselor, joins the call, or goes back to only listening. */

import { Ear, MessageCircle, Mic, MicOff, Users } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ListenAs, SessionView } from "../messages";
import type { Client } from "../room/client";
import type { Devices } from "../room/devices";
import { viewer } from "../room/state";
import { t as room } from "../room/words";
import { attempt } from "../staff/attempt";
import { t as shared } from "../staff/texts";
import { Button, Dialog, Icon, IconButton, toast, useStore } from "../ui";
import { takesPart, told, ways } from "./logic/speaking";
import { t } from "./texts";

const ICONS = { listen: Ear, whisper: MessageCircle, join: Users } as const;

interface Names extends Record<string, string> {
  user: string;
  counselor: string;
}

interface ToldProps {
  view: SessionView;
  devices: Devices;
  heard: boolean;
  names: Names;
}

/** A line of text that says who hears the listening operator now. */
export function Told({ view, devices, heard, names }: ToldProps) {
  const speaks = useStore(devices.state, ({ mic }) => mic.on && !mic.silent);
  return <span data-testid="listen-told">{t(told(view, speaks, heard), names)}</span>;
}

interface SpeakingProps {
  client: Client;
  view: SessionView;
  devices: Devices;
  names: Names;
}

/** Buttons for the ways of taking part that the site allows. While the operator whispers or has joined, there is also a button
 *  for the microphone. */
export function Speaking({ client, view, devices, names }: SpeakingProps) {
  const how = takesPart(view);
  const mic = useStore(devices.state, (state) => state.mic);
  const [joining, setJoining] = useState(false);
  const { take, busy } = useTakingPart(client, view, devices);
  const allowed = ways(view);
  if (allowed.length < 2) return null;
  return (
    <>
      <div class="segments" role="group" aria-label={t("listen.as")} data-testid="listen-as">
        {allowed.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={how === one}
            disabled={busy}
            data-testid={`listen-as-${one}`}
            onClick={() => (one === "join" && how !== "join" ? setJoining(true) : void take(one))}
          >
            <Icon node={ICONS[one]} size={16} /> {t(`listen.as.${one}`)}
          </button>
        ))}
      </div>
      {how !== "listen" && (
        <IconButton
          icon={mic.on ? Mic : MicOff}
          label={room(mic.on ? "mic.turnOff" : "mic.turnOn")}
          class={mic.on ? "" : "control-off"}
          pressed={mic.on}
          onClick={() => void devices.toggle("mic", !mic.on)}
          data-testid="listen-mic"
        />
      )}
      {joining && (
        <JoinDialog view={view} names={names} onJoin={(record) => take("join", record)} onClose={() => setJoining(false)} />
      )}
    </>
  );
}

/** Returns a function that changes how the operator takes part, and whether a change is under way. The function resolves to
 *  whether the change succeeded. The page asks for the microphone only when the operator whispers or joins, and turns it off
 *  when the operator only listens. */
function useTakingPart(client: Client, view: SessionView, devices: Devices) {
  const how = takesPart(view);
  // whether the operator agrees to be recorded; null if they were not asked. A request to join contains this answer.
  const agreed = useRef<boolean | null>(null);
  // how the operator wants to take part, if the server has been asked and `view` does not show it yet; otherwise null
  const coming = useRef<ListenAs | null>(null);
  const [busy, setBusy] = useState(false);
  const tell = (wanted: ListenAs) => {
    const { mic } = devices.state.get();
    const record = wanted === "join" ? agreed.current : null;
    const request = { type: "listen_as", session: view.id, how: wanted, mic: mic.on && !mic.silent, record } as const;
    return attempt(() => client.connection.request(request));
  };
  const take = async (wanted: ListenAs, record: boolean | null = null) => {
    if (wanted === how) return true;
    setBusy(true);
    agreed.current = record;
    // The microphone is turned on only if the operator has only listened until now. An operator who has muted themselves while
    // whispering stays muted.
    if (how === "listen") await devices.toggle("mic", true);
    const { track, problem } = devices.state.get().mic;
    const ready = wanted === "listen" || track !== null;
    if (!ready) toast(room(`problem.${problem || "failed"}.mic`), "error");
    coming.current = wanted;
    const taken = ready && (await tell(wanted));
    if (!taken) coming.current = null;
    if (wanted === "listen" || (!taken && how === "listen")) devices.stop();
    setBusy(false);
    return taken;
  };
  const on = useStore(devices.state, ({ mic }) => mic.on && !mic.silent);
  const known = viewer(view)?.media.mic ?? false;
  useEffect(() => {
    if (coming.current === how) coming.current = null;
    // tells the others whether the operator's microphone is muted
    if (!busy && coming.current === null && how !== "listen" && on !== known) void tell(how);
  }, [busy, how, on, known]);
  useLowered(view, how, devices);
  return { take, busy };
}

/** Releases the microphone when the site no longer lets the operator speak, and tells the operator so. */
function useLowered(view: SessionView, how: ListenAs, devices: Devices) {
  const was = useRef(how);
  useEffect(() => {
    const lowered = how === "listen" && !ways(view).includes(was.current);
    was.current = how;
    if (!lowered) return;
    devices.stop();
    toast(t("listen.lowered"));
  }, [how]);
}

interface JoinDialogProps {
  view: SessionView;
  names: Names;
  /** Makes the operator join the call. `record`: the operator's answer about recording; null if the call cannot be recorded. */
  onJoin: (record: boolean | null) => Promise<boolean>;
  onClose: () => void;
}

/** Asks the operator to confirm joining, because everybody hears an operator who has joined. If the call can be recorded, also
 *  asks whether the operator agrees to be recorded. */
function JoinDialog({ view, names, onJoin, onClose }: JoinDialogProps) {
  const [busy, setBusy] = useState(false);
  const recorded = view.recording !== null;
  const join = async (record: boolean | null) => {
    setBusy(true);
    if (await onJoin(record)) onClose();
    else setBusy(false);
  };
  return (
    <Dialog title={t("listen.join.title")} closeLabel={shared("close")} onClose={onClose}>
      <div class="stack">
        <p>{t("listen.join.text", names)}</p>
        {recorded && <p class="notice">{t("listen.join.recording")}</p>}
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {shared("cancel")}
          </Button>
          {recorded && (
            <Button busy={busy} onClick={() => void join(false)} data-testid="listen-join-unrecorded">
              {t("listen.join.unrecorded")}
            </Button>
          )}
          <Button kind="primary" busy={busy} onClick={() => void join(recorded ? true : null)} data-testid="listen-join-confirm">
            {t(recorded ? "listen.join.record" : "listen.join.yes")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
