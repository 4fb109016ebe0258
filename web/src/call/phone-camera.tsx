/** The page on the user's phone while the phone is a second camera. The page sends a picture, and neither sends nor plays
 *  sound. */

import { Smartphone, VideoOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { useAwake } from "../room/awake";
import { looksAway } from "../room/capture";
import { Client } from "../room/client";
import { Devices } from "../room/devices";
import { FlipCamera } from "../room/lazy-parts";
import type { Handoff } from "../room/handoff";
import { useTrackStream, Video } from "../room/media";
import { RoomLink } from "../room/room-link";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { Icon } from "../ui/icon";
import { locale, setLocale } from "../ui/i18n";
import { useStore } from "../ui/store";
import { t } from "./rare/words";
import "./guest.css";

interface Parts {
  client: Client;
  devices: Devices;
  link: RoomLink;
}

function connect(handoff: Handoff): Parts {
  if (handoff.locale) void setLocale(handoff.locale);
  const client = new Client({ token: handoff.token, locale: locale() });
  const devices = new Devices();
  const link = new RoomLink(client, handoff.session, devices);
  client.open();
  return { client, devices, link };
}

export function PhoneCamera({ handoff }: { handoff: Handoff }) {
  const [{ client, devices, link }] = useState(() => connect(handoff));
  const over = useStore(client.state, (state) => handoff.session in state.over || state.status === "closed");
  const state = useStore(client.state, ({ sessions }) => sessions[handoff.session]?.state);
  const track = useStore(devices.state, ({ camera }) => camera.track);
  const stream = useTrackStream(track);
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  useAwake(!over && state === "active");
  useEffect(() => {
    if (!over) return;
    devices.stop();
    link.close();
  }, [over]);
  useEffect(() => {
    // starts the camera again after a reload of the page
    if (state === "active" && !over) void devices.start({ mic: false, camera: true });
  }, [state]);
  const start = async () => {
    setBusy(true);
    setFailed("");
    await devices.start({ mic: false, camera: true });
    const { camera } = devices.state.get();
    if (camera.track && !looksAway(camera.track)) await devices.flip(); // use the camera on the phone's back, if it has one
    if (devices.state.get().camera.track) {
      await client.connection
        .request({ type: "enter_guest", session: handoff.session })
        .catch(() => setFailed(t("invited.failed.other")));
    } else setFailed(t("camera.failed"));
    setBusy(false);
  };
  const stop = () => void client.connection.request({ type: "leave", session: handoff.session }).catch(() => undefined);
  if (over) {
    return (
      <main class="message card" data-testid="phone-camera-over">
        <Icon node={VideoOff} size={40} />
        <p role="alert">{t("camera.over")}</p>
      </main>
    );
  }
  return (
    <main class="message card phone-camera" data-testid="phone-camera">
      {stream ? (
        <div class="preview">
          <Video stream={stream} label={t("camera.title")} self />
          <FlipCamera devices={devices} />
        </div>
      ) : (
        <Icon node={Smartphone} size={40} />
      )}
      <h1>{t("camera.title")}</h1>
      <p>{t(state === "active" ? "camera.on" : "camera.text")}</p>
      <Failure text={failed} />
      {state === "active" ? (
        <Button kind="danger" onClick={stop} data-testid="phone-camera-stop">
          {t("camera.stop")}
        </Button>
      ) : (
        <Button
          kind="primary"
          busy={busy}
          disabled={state === undefined}
          onClick={() => void start()}
          data-testid="phone-camera-start"
        >
          {t("camera.start")}
        </Button>
      )}
    </main>
  );
}
