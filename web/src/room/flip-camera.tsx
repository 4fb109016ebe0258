import { SwitchCamera } from "lucide";
import { useState } from "preact/hooks";
import { toast } from "../ui/announce";
import { IconButton } from "../ui/button";
import { useStore } from "../ui/store";
import type { Devices } from "./devices";
import { t } from "./words";

/** A button on this person's own picture that switches between front and back camera. Shown only if there is another camera. */
export function FlipCamera({ devices }: { devices: Devices }) {
  const several = useStore(devices.state, ({ camera, cameras }) => camera.track !== null && cameras.length > 1);
  const [busy, setBusy] = useState(false);
  if (!several) return null;
  const flip = () => {
    setBusy(true);
    void devices.flip().then((switched) => {
      setBusy(false);
      if (!switched) toast(t("camera.flipFailed"), "error");
    });
  };
  return (
    <IconButton
      icon={SwitchCamera}
      class="on-picture"
      label={t("camera.flip")}
      disabled={busy}
      onClick={flip}
      onPointerDown={(event) => event.stopPropagation()} // without this, a press on the button would begin to drag the picture
      data-testid="camera-flip"
    />
  );
}
