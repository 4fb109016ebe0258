import { useEffect, useState } from "preact/hooks";
import { withTexts } from "../ui/i18n";
import type { LiveLaser, LiveLaserProps } from "./board/live-laser";

/** The laser on a live picture. Its code is loaded when there is such a picture; without it, everything else works. */
export function LazyLaser(props: LiveLaserProps) {
  const [Loaded, setLoaded] = useState<typeof LiveLaser | null>(null);
  useEffect(() => {
    withTexts(import("./board/live-laser")).then(
      (code) => setLoaded(() => code.LiveLaser),
      () => undefined,
    );
  }, []);
  return Loaded && <Loaded {...props} />;
}
