import { Camera, CameraOff, SlidersHorizontal } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { Meter } from "../ui/meter";
import { useLocale, useStore } from "../ui/store";
import { looksAway } from "./capture";
import type { Source } from "./device-state";
import type { Devices } from "./devices";
import { FlipCamera } from "./lazy-parts";
import { lazy } from "./lazy";
import { watchLevel } from "./level";
import { useTrackStream, Video } from "./media";
import { t } from "./words";

const Choosers = lazy(
  () => import("./device-choosers"),
  (module) => module.Choosers,
  { name: "devices.choose" },
);

interface DeviceTestProps {
  devices: Devices;
  /** Whether the test shows the person's own camera picture. */
  preview?: boolean;
  /** Whether the fields to choose devices are folded away, so that they take only one row until the person opens them. */
  folded?: boolean;
  /** Whether the person can choose a camera. A conversation by voice needs none. */
  camera?: boolean;
}

/** Lets a person test the microphone with a level meter, the camera, and the speaker with a test sound. Says what is wrong and
 *  what to do. */
export function DeviceTest({ devices, preview = false, folded = false, camera: chosen = true }: DeviceTestProps) {
  useLocale();
  const { asking, mic, camera } = useStore(devices.state);
  return (
    <div class="device-test">
      {preview && <Preview devices={devices} />}
      {asking && (
        <p class="notice" role="status">
          {t("devices.asking")}
        </p>
      )}
      <Problem source={mic} kind="mic" onRetry={() => void devices.retry("mic")} />
      <Problem source={camera} kind="camera" onRetry={() => void devices.retry("camera")} />
      {mic.track && <MicLevel track={mic.track} on={mic.on} />}
      {folded ? <Fold devices={devices} camera={chosen} /> : <Choosers devices={devices} cameraToo={chosen} />}
    </div>
  );
}

function Fold({ devices, camera }: { devices: Devices; camera: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="device-fold" data-testid="devices" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon node={SlidersHorizontal} /> {t("devices.choose")}
      </summary>
      {open && <Choosers devices={devices} cameraToo={camera} />}
    </details>
  );
}

function Preview({ devices }: { devices: Devices }) {
  const track = useStore(devices.state, (state) => state.camera.track);
  const blurring = useStore(devices.state, ({ camera, blur }) => camera.wanted && camera.problem === "" && blur === "on");
  const stream = useTrackStream(track);
  return (
    <div class="preview">
      {stream ? (
        <>
          <Video
            stream={stream}
            class={looksAway(track) ? "" : "mirrored"}
            label={t(looksAway(track) ? "you" : "devices.preview")}
            self
          />
          <FlipCamera devices={devices} />
        </>
      ) : (
        <div class="preview-off">
          <Icon node={CameraOff} size={32} />
          <p>{t(blurring ? "camera.blurring" : "devices.cameraOff")}</p>
          {!blurring && (
            <Button icon={Camera} onClick={() => void devices.toggle("camera", true)}>
              {t("camera.turnOn")}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function Problem({ source, kind, onRetry }: { source: Source; kind: "mic" | "camera"; onRetry: () => void }) {
  if (!source.problem) return null;
  return (
    <div class="notice notice-warn device-problem" role="alert" data-testid={`problem-${kind}`}>
      <span>{t(`problem.${source.problem}.${kind}`)}</span>
      <Button onClick={onRetry}>{t("tryAgain")}</Button>
    </div>
  );
}

function MicLevel({ track, on }: { track: MediaStreamTrack; on: boolean }) {
  const [level, setLevel] = useState(0);
  useEffect(() => watchLevel(track, setLevel), [track]);
  return (
    <div class="mic-level" data-testid="mic-level">
      <Meter level={level} label={t("devices.level")} />
      <p class="field-hint">{t(on ? "devices.speakUp" : "devices.micOff")}</p>
    </div>
  );
}
