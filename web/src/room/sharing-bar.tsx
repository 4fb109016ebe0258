import { MonitorX } from "lucide";
import type { SessionView } from "../messages";
import { Button } from "../ui/button";
import { useLocale, useStore } from "../ui/store";
import { LazyLaser } from "./lazy-laser";
import { useTrackStream, Video } from "./media";
import type { RoomLink } from "./room-link";
import { t } from "./words";

/** A bar that is shown as long as this person shares their screen. The bar shows what other people see, and has a Stop button. */
export function SharingBar({ link, session }: { link: RoomLink; session: SessionView | null }) {
  useLocale();
  const { devices } = link;
  const track = useStore(devices.state, (state) => state.screen.track);
  const stream = useTrackStream(track);
  if (stream === null) return null;
  return (
    <div class="notice sharing-bar" role="status" data-testid="sharing">
      <div class="sharing-preview">
        <Video stream={stream} label={t("screen.preview")} kind="screen" self />
        {session?.room && <LazyLaser link={link} session={session} participant={session.you} kind="screen" points={false} />}
      </div>
      <span>{t("screen.sharing")}</span>
      <Button kind="danger" icon={MonitorX} onClick={() => devices.stopScreen()} data-testid="sharing-stop">
        {t("screen.turnOff")}
      </Button>
    </div>
  );
}
