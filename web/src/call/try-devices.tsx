import { useEffect } from "preact/hooks";
import { DeviceTest } from "../room/device-test";
import type { Call } from "./call";

/** Lets the visitor test the microphone before an appointment, and the camera if it is a video appointment. The devices are on
 *  only while the test is shown. */
export function TryDevices({ call }: { call: Call }) {
  useEffect(() => {
    void call.tryDevices();
    return () => call.stopTrying();
  }, [call]);
  const seen = call.handoff.channel === "video";
  return (
    <div class="card prepare-devices" data-testid="devices-tried">
      <DeviceTest devices={call.devices} preview={seen} camera={seen} />
    </div>
  );
}
