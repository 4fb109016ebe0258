import { useEffect } from "preact/hooks";
import { DeviceTest } from "../room/device-test";
import type { Call } from "./call";

/** A test of the microphone, and of the camera if the visitor is to be seen, before an appointment. The devices are on only while the test is shown. */
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
