import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useLocale, useStore } from "../ui/store";
import { looksAway } from "./capture";
import type { Devices } from "./devices";
import { FlipCamera } from "./lazy-parts";
import { useTrackStream, Video } from "./media";
import { t } from "./words";

type Corner = "top-left" | "top-right" | "bottom-left" | "bottom-right";

const split = (corner: Corner) => corner.split("-") as ["top" | "bottom", "left" | "right"];

/** Returns the corner to which an arrow key moves the self view, or null for other keys. */
export function cornerAfter(corner: Corner, key: string): Corner | null {
  const [vertical, horizontal] = split(corner);
  const moves: Record<string, Corner> = {
    ArrowUp: `top-${horizontal}`,
    ArrowDown: `bottom-${horizontal}`,
    ArrowLeft: `${vertical}-left`,
    ArrowRight: `${vertical}-right`,
  };
  return moves[key] ?? null;
}

/** The person's own picture, in a corner of the stage. If the person drags the picture, it snaps to the nearest corner at the
 *  end. */
export function SelfView({ devices, children }: { devices: Devices; children: ComponentChildren }) {
  useLocale();
  const track = useStore(devices.state, (state) => state.camera.track);
  const stream = useTrackStream(track);
  const [corner, setCorner] = useState<Corner | "auto">("auto");
  const [offset, setOffset] = useState<[number, number] | null>(null);
  const from = useRef<[number, number]>([0, 0]);
  if (!track) return null;
  const drop = (event: PointerEvent) => {
    setOffset(null);
    const stage = (event.currentTarget as HTMLElement).parentElement?.getBoundingClientRect();
    if (!stage || !offset || Math.hypot(...offset) < 8) return;
    const vertical = event.clientY < stage.top + stage.height / 2 ? "top" : "bottom";
    const horizontal = event.clientX < stage.left + stage.width / 2 ? "left" : "right";
    setCorner(`${vertical}-${horizontal}`);
  };
  return (
    <div
      class={`self-view self-view-${corner} ${offset ? "self-view-moving" : ""}`}
      style={offset ? { transform: `translate(${offset[0]}px, ${offset[1]}px)` } : { transform: "none" }}
      tabIndex={0}
      role="group"
      aria-label={t("self")}
      onKeyDown={(event) => {
        const next = cornerAfter(corner === "auto" ? "top-right" : corner, event.key);
        if (!next) return;
        event.preventDefault();
        setCorner(next);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = [event.clientX, event.clientY];
        setOffset([0, 0]);
      }}
      onPointerMove={(event) => offset && setOffset([event.clientX - from.current[0], event.clientY - from.current[1]])}
      onPointerUp={drop}
      onPointerCancel={() => setOffset(null)}
    >
      <Video stream={stream} class={looksAway(track) ? "" : "mirrored"} label={t("you")} self />
      {children}
      <FlipCamera devices={devices} />
    </div>
  );
}
