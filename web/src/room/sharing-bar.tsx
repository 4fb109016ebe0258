import { MonitorX } from "lucide";
import { Button } from "../ui/button";
import { useLocale, useStore } from "../ui/store";
import type { Devices } from "./devices";
import { useTrackStream, Video } from "./media";
import { t } from "./words";

/** A bar shown as long as this person shares their screen. It shows what the others see, and has a Stop button. */
export function SharingBar({ devices }: { devices: Devices }) {
  useLocale();
  const track = useStore(devices.state, (state) => state.screen.track);
  const stream = useTrackStream(track);
  if (stream === null) return null;
  return (
    <div class="notice sharing-bar" role="status" data-testid="sharing">
      <Video stream={stream} label={t("screen.preview")} kind="screen" self />
      <span>{t("screen.sharing")}</span>
      <Button kind="danger" icon={MonitorX} onClick={() => devices.stopScreen()} data-testid="sharing-stop">
        {t("screen.turnOff")}
      </Button>
    </div>
  );
}
