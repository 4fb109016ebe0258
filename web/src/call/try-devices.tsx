import { useEffect } from "preact/hooks";
import { DeviceTest } from "../room/device-test";
import type { Call } from "./call";

/** A test of microphone and camera before an appointment. The devices are on only while the test is shown. */
export function TryDevices({ call }: { call: Call }) {
  useEffect(() => {
    void call.tryDevices();
    return () => call.stopTrying();
  }, [call]);
  return (
    <div class="card prepare-devices" data-testid="devices-tried">
      <DeviceTest devices={call.devices} preview={call.handoff.channel === "video"} />
    </div>
  );
}
