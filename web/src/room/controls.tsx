import {
  MessageSquare,
  Mic,
  MicOff,
  MonitorUp,
  MonitorX,
  PhoneOff,
  Presentation,
  SlidersHorizontal,
  Video as VideoIcon,
  VideoOff,
} from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { Dialog } from "../ui/dialog";
import { IconButton } from "../ui/button";
import { toast } from "../ui/announce";
import { useLocale, useStore } from "../ui/store";
import { Captions } from "./captions/lazy";
import { DeviceTest } from "./device-test";
import { Guests } from "./guests/lazy";
import type { RoomLink } from "./room-link";
import { t } from "./words";

export interface ControlsProps {
  link: RoomLink;
  session: SessionView;
  board: { open: boolean; onToggle: () => void };
  chat?: { open: boolean; unread: number; onToggle: () => void };
  onLeave?: () => void;
  /** Further buttons of the page, shown before the button that leaves the call. */
  children?: ComponentChildren;
}

const canShareScreen = () => "getDisplayMedia" in ((navigator.mediaDevices as MediaDevices | undefined) ?? {});

/** The buttons of a call: microphone, camera, screen and devices (if the session has media), board, chat, captions, guests,
 *  `children`, leave. Chat and leave are shown only if they have a handler. */
export function Controls({ link, session, board, chat, onLeave, children }: ControlsProps) {
  useLocale();
  const [testing, setTesting] = useState(false);
  return (
    <>
      <div class="controls" role="toolbar" aria-label={t("controls")}>
        {session.room?.media && <MediaControls link={link} onDevices={() => setTesting(true)} />}
        <IconButton
          icon={Presentation}
          caption
          label={t("board")}
          pressed={board.open}
          title={t(board.open ? "board.close" : "board.open")}
          onClick={board.onToggle}
          data-testid="call-board"
        />
        {chat && (
          <IconButton
            icon={MessageSquare}
            caption
            label={t("chat")}
            pressed={chat.open}
            badge={chat.open ? 0 : chat.unread}
            onClick={chat.onToggle}
            data-testid="call-chat"
          />
        )}
        {session.captions && <Captions client={link.client} session={session} button />}
        {session.guests && <Guests client={link.client} session={session} button />}
        {children}
        {onLeave && (
          <IconButton
            icon={PhoneOff}
            caption
            kind="danger"
            class="controls-leave"
            label={t("leave")}
            onClick={onLeave}
            data-testid="call-leave"
          />
        )}
      </div>
      {testing && (
        <Dialog title={t("devices.title")} closeLabel={t("close")} onClose={() => setTesting(false)}>
          <DeviceTest devices={link.devices} />
        </Dialog>
      )}
    </>
  );
}

function MediaControls({ link: { devices }, onDevices }: { link: RoomLink; onDevices: () => void }) {
  const { mic, camera, screen } = useStore(devices.state);
  // if a device's track ended by itself (`cut`), `InterruptionNotice` says so instead
  useProblemToast(!mic.cut && mic.problem && t(`problem.${mic.problem}.mic`));
  useProblemToast(!camera.cut && camera.problem && t(`problem.${camera.problem}.camera`));
  useProblemToast(screen.problem && t("problem.screen"));
  return (
    <>
      <IconButton
        icon={mic.on ? Mic : MicOff}
        caption
        label={t("mic")}
        title={t(mic.on ? "mic.turnOff" : "mic.turnOn")}
        class={mic.on ? "" : "control-off"}
        pressed={mic.on}
        onClick={() => void devices.toggle("mic", !mic.on)}
        data-testid="call-mic"
      />
      <IconButton
        icon={camera.on ? VideoIcon : VideoOff}
        caption
        label={t("camera")}
        title={t(camera.on ? "camera.turnOff" : "camera.turnOn")}
        class={camera.on ? "" : "control-off"}
        pressed={camera.on}
        onClick={() => void devices.toggle("camera", !camera.on)}
        data-testid="call-camera"
      />
      {canShareScreen() && (
        <IconButton
          icon={screen.on ? MonitorX : MonitorUp}
          caption
          label={t("screen")}
          title={t(screen.on ? "screen.turnOff" : "screen.turnOn")}
          pressed={screen.on}
          onClick={() => (screen.on ? devices.stopScreen() : void devices.shareScreen())}
          data-testid="call-screen"
        />
      )}
      <IconButton icon={SlidersHorizontal} caption label={t("more")} onClick={onDevices} data-testid="call-devices" />
    </>
  );
}

/** Shows a toast about a device problem that arises during the call. The screen before the call has shown earlier problems. */
function useProblemToast(problem: string | false): void {
  const said = useRef(problem);
  useEffect(() => {
    if (problem && problem !== said.current) toast(problem, "error");
    said.current = problem;
  }, [problem]);
}
