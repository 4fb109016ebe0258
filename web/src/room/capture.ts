/** The constraints with which the page opens microphone and camera, and the choice of the camera that "switch camera" opens.
 *  Pure. */

export interface DeviceChoice {
  value: string;
  label: string;
}

export const exactly = (device: string): MediaTrackConstraints => (device ? { deviceId: { exact: device } } : {});

/** Returns the constraints for a microphone. The browser of the person who speaks removes echo and noise. */
export const microphone = (device: string): MediaTrackConstraints => ({
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
  ...exactly(device),
});

/** Returns the constraints for a camera: 640 × 360 px, which is enough to show a face in a call. */
export const camera = (which: MediaTrackConstraints): MediaTrackConstraints => ({
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 24, max: 30 },
  ...which,
});

/** Returns which cameras to try when a person presses "switch camera". The camera on the other side of a phone comes first, then
 *  the next camera of the list. */
export function otherCameras({ facingMode, deviceId }: MediaTrackSettings, cameras: DeviceChoice[]): MediaTrackConstraints[] {
  const side = { user: "environment", environment: "user" }[facingMode ?? ""];
  const next = cameras[(cameras.findIndex(({ value }) => value === deviceId) + 1) % cameras.length];
  return [...(side ? [{ facingMode: { exact: side } }] : []), ...(next && next.value !== deviceId ? [exactly(next.value)] : [])];
}

/** Whether the camera is on the back of the device. The picture of such a camera is not mirrored, because text in it must be
 *  readable. */
export const looksAway = (track: MediaStreamTrack | null): boolean => track?.getSettings().facingMode === "environment";
