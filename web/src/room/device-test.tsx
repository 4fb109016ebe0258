import { Camera, CameraOff, Volume2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui/button";
import { Select } from "../ui/field";
import { Icon } from "../ui/icon";
import { Meter } from "../ui/meter";
import { useLocale, useStore } from "../ui/store";
import type { Devices, Source } from "./devices";
import { playTestSound, watchLevel } from "./level";
import { useTrackStream, Video } from "./media";
import { t } from "./words";

/** Tests the devices: microphone with a level meter, camera, speaker with a test sound. Says what is wrong and what to do. */
export function DeviceTest({ devices, preview = true }: { devices: Devices; preview?: boolean }) {
  useLocale();
  const state = useStore(devices.state);
  const byBrowser = { value: "", label: t("devices.default") };
  return (
    <div class="device-test">
      {preview && <Preview devices={devices} />}
      {state.asking && (
        <p class="notice" role="status">
          {t("devices.asking")}
        </p>
      )}
      <Problem source={state.mic} kind="mic" onRetry={() => void devices.retry("mic")} />
      <Problem source={state.camera} kind="camera" onRetry={() => void devices.retry("camera")} />
      <div class="device-mic">
        {state.mics.length > 0 && (
          <Select
            label={t("devices.mic")}
            value={state.mic.device}
            choices={[byBrowser, ...state.mics]}
            onChange={(event) => void devices.choose("mic", event.currentTarget.value)}
          />
        )}
        {state.mic.track && <MicLevel track={state.mic.track} on={state.mic.on} />}
      </div>
      {state.cameras.length > 0 && (
        <Select
          label={t("devices.camera")}
          value={state.camera.device}
          choices={[byBrowser, ...state.cameras]}
          onChange={(event) => void devices.choose("camera", event.currentTarget.value)}
        />
      )}
      <div class="device-speaker">
        {state.speakers.length > 0 && "setSinkId" in HTMLMediaElement.prototype && (
          <Select
            label={t("devices.speaker")}
            value={state.speaker}
            choices={[byBrowser, ...state.speakers]}
            onChange={(event) => devices.chooseSpeaker(event.currentTarget.value)}
          />
        )}
        <SoundCheck speaker={state.speaker} />
      </div>
    </div>
  );
}

function Preview({ devices }: { devices: Devices }) {
  const track = useStore(devices.state, (state) => state.camera.track);
  const stream = useTrackStream(track);
  return (
    <div class="preview">
      {stream ? (
        <Video stream={stream} class="mirrored" label={t("devices.preview")} self />
      ) : (
        <div class="preview-off">
          <Icon node={CameraOff} size={32} />
          <p>{t("devices.cameraOff")}</p>
          <Button icon={Camera} onClick={() => void devices.toggle("camera", true)}>
            {t("camera.turnOn")}
          </Button>
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

function SoundCheck({ speaker }: { speaker: string }) {
  const [playing, setPlaying] = useState(false);
  const play = () => {
    setPlaying(true);
    void playTestSound(speaker).finally(() => setPlaying(false));
  };
  return (
    <Button icon={Volume2} onClick={play} disabled={playing} data-testid="sound-check">
      {t(playing ? "devices.testing" : "devices.test")}
    </Button>
  );
}
