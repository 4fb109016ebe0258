import type { DeviceChoice } from "./capture";
import type { DeviceState } from "./device-state";

/** Returns the browser's access to devices; undefined if the page is not a secure context. On such a page, requests for
 *  devices fail, and the person is told why. */
export const mediaDevices = () => navigator.mediaDevices as MediaDevices | undefined;

/** Lists the devices that have a label. Until the person has given permission, no device has one. */
export async function deviceLists(): Promise<Pick<DeviceState, "mics" | "cameras" | "speakers">> {
  const found = (await mediaDevices()?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind): DeviceChoice[] =>
    found
      .filter((device) => device.kind === kind && device.deviceId !== "" && device.label !== "")
      .map((device) => ({ value: device.deviceId, label: device.label }));
  return { mics: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") };
}

/**
 * Returns the chosen speaker; "" if that speaker is unplugged, because nobody would hear the sound then. If the browser lists no
 * speakers, returns the chosen speaker. The choice stays stored, so a later visit with that speaker uses it again.
 */
export const presentSpeaker = (chosen: string, speakers: DeviceChoice[]): string =>
  speakers.length === 0 || speakers.some(({ value }) => value === chosen) ? chosen : "";
