import type { DeviceChoice } from "./capture";
import { keptDevices } from "./kept-devices";
import type { Problem } from "./problems";

export interface Source {
  /** Whether the person wants the device on. This wish stays the same when the track changes: a muted person stays muted. */
  wanted: boolean;
  /** Whether others can hear or see this device now, because the person wants it on and it has a track. */
  on: boolean;
  track: MediaStreamTrack | null;
  /** Whether the operating system has muted the track, for example during a phone call or because of a switch on the device. */
  silent: boolean;
  /**
   * Whether the track of a microphone or camera ended by itself. The page then asks the browser for the device again and again,
   * until another track starts or only the person can solve the problem.
   */
  cut: boolean;
  problem: Problem;
  /** Id of the device that the person chose as this source; "" for the browser's own choice. */
  device: string;
}

export interface DeviceState {
  mic: Source;
  camera: Source;
  screen: Source;
  speaker: string;
  /** Whether others see the camera with a blurred background. `slow` and `failed`: the page has turned the blur off, because
   *  this device is too slow or the blur failed. */
  blur: "" | "on" | "slow" | "failed";
  mics: DeviceChoice[];
  cameras: DeviceChoice[];
  speakers: DeviceChoice[];
  /** Whether the browser is asking the person now for permission to use a device. */
  asking: boolean;
}

const OFF: Source = { wanted: false, on: false, track: null, silent: false, cut: false, problem: "", device: "" };
const MIC: Source = { ...OFF, wanted: true };

/** Returns the devices' state before the page has asked for any device. It contains the devices that the person chose on an
 *  earlier visit. */
export function initialState(): DeviceState {
  const { mic, camera, speaker, blur } = keptDevices();
  return {
    mic: { ...MIC, device: mic },
    camera: { ...OFF, device: camera },
    screen: OFF,
    speaker,
    blur: blur === "on" ? "on" : "",
    mics: [],
    cameras: [],
    speakers: [],
    asking: false,
  };
}
