import { PencilLine, Zap } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../../ui/button";
import { useLocale } from "../../ui/store";
import { drawingOn } from "../drawing-on";
import { optional } from "../lazy";
import type { PictureOf } from "./live-pictures";
import { t } from "./words";
import "./live-laser.css";

const PRESENCE = 1; // first byte of a board message that says where somebody points

const Laser = optional(
  () => import("./live-laser"),
  (code) => code.LiveLaser,
);

interface LiveToolsProps extends PictureOf {
  /** Whether this person is allowed to point and draw on the live picture. On their own camera or screen, people see only the
   *  pointers of others. */
  points?: boolean;
}

/** A layer over a live picture: everybody's laser pointers, a button to point, and a button to draw on a still picture of it. The
 *  pointers' code, which needs the board, is loaded when somebody first points, or presses the button to point. */
export function LiveTools({ points = true, ...picture }: LiveToolsProps) {
  useLocale();
  const { link, session, kind } = picture;
  const [on, setOn] = useState(false);
  const [pointed, setPointed] = useState(false);
  const tools = useRef<HTMLDivElement>(null);
  useEffect(
    () => (pointed ? undefined : link.board.onMessage((message) => message[0] === PRESENCE && setPointed(true))),
    [link, pointed],
  );
  const mayWrite = points && session.room?.board === "write";
  const draw = () => {
    const stream = tools.current?.parentElement?.querySelector("video")?.srcObject;
    if (stream instanceof MediaStream) drawingOn.set({ session: session.id, stream });
  };
  return (
    <>
      {(pointed || on) && <Laser {...picture} on={on && mayWrite} />}
      {mayWrite && (
        <div class={`live-laser-tools ${on ? "live-laser-tools-on" : ""}`} ref={tools} data-kind={kind}>
          <IconButton
            icon={Zap}
            kind="quiet"
            label={t("board.live.laser")}
            pressed={on}
            onClick={() => setOn(!on)}
            data-testid="live-point"
          />
          <IconButton icon={PencilLine} kind="quiet" label={t("board.live.draw")} onClick={draw} data-testid="live-draw" />
        </div>
      )}
    </>
  );
}
