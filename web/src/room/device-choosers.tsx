/** Lets people choose microphone, camera and speaker, and play a test sound. Pages fetch this code when they first show the
 *  choosers: most people keep the browser's choice. */

import { Headphones, Volume2 } from "lucide";
import { useState } from "preact/hooks";
import { Button } from "../ui/button";
import { Select } from "../ui/field";
import { useStore } from "../ui/store";
import { canBlur } from "./blur/can";
import { t as blurText } from "./blur/words";
import "./blur/blur.css";
import type { Devices } from "./devices";
import { playTestSound } from "./test-sound";
import { t } from "./choosers/words";

/** Whether this browser is Chromium on Android. On such a browser, the list of microphones contains earpiece, speakerphone and
 *  headset, and a choice in this list also decides where the call is played. */
const MIC_ROUTES = /Android.*Chrome/.test(navigator.userAgent);

export function Choosers({ devices, cameraToo }: { devices: Devices; cameraToo: boolean }) {
  const { mic, mics, camera, cameras, speaker, speakers, blur } = useStore(devices.state);
  const byBrowser = { value: "", label: t("devices.default") };
  return (
    <div class="device-choosers">
      {mics.length > 0 && (
        <Select
          label={t("devices.mic")}
          value={mic.device}
          choices={[byBrowser, ...mics]}
          onChange={(event) => void devices.choose("mic", event.currentTarget.value)}
        />
      )}
      {mics.length > 1 && MIC_ROUTES && <p class="field-hint">{t("devices.micRoutes")}</p>}
      {cameraToo && cameras.length > 0 && (
        <Select
          label={t("devices.camera")}
          value={camera.device}
          choices={[byBrowser, ...cameras]}
          onChange={(event) => void devices.choose("camera", event.currentTarget.value)}
        />
      )}
      {cameraToo && cameras.length > 0 && canBlur() && (
        <label class="blur-choice">
          <input
            type="checkbox"
            checked={blur === "on"}
            onChange={(event) => void devices.blur(event.currentTarget.checked)}
            data-testid="blur"
          />
          <span>
            {blurText("blur.label")}
            <span class="field-hint">{blurText(blur === "slow" || blur === "failed" ? `blur.${blur}` : "blur.hint")}</span>
          </span>
        </label>
      )}
      {speakers.length > 0 && "setSinkId" in HTMLMediaElement.prototype && (
        <Select
          label={t("devices.speaker")}
          value={speaker}
          choices={[byBrowser, ...speakers]}
          onChange={(event) => devices.chooseSpeaker(event.currentTarget.value)}
        />
      )}
      {"selectAudioOutput" in navigator.mediaDevices && (
        <Button icon={Headphones} onClick={() => void devices.pickSpeaker()} data-testid="speaker-pick">
          {t("devices.pickSpeaker")}
        </Button>
      )}
      <SoundCheck speaker={speaker} />
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
