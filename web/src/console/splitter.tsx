import { useRef } from "preact/hooks";
import type { Layout } from "./layouts";
import { LIMITS, sizeAfterKey, type Pane } from "./logic/layout";
import { t } from "../staff/texts";

interface SplitterProps {
  pane: Pane;
  layout: Layout;
  /** 1 if the pane is before the splitter, -1 if the pane is after it. */
  sign: 1 | -1;
  axis?: "x" | "y";
}

/** The edge of a pane. People move the splitter by dragging or with the arrow keys; a double click restores the pane's default
 *  size. */
export function Splitter({ pane, layout, sign, axis = "x" }: SplitterProps) {
  const from = useRef<{ at: number; size: number; unit: number } | null>(null);
  const size = layout.panes[pane];
  const { least, most } = LIMITS[pane];
  const share = pane === "work";
  const shown = (value: number) => Math.round(share ? value * 100 : value);
  const grab = (event: PointerEvent) => {
    const bar = event.currentTarget as HTMLElement;
    bar.setPointerCapture(event.pointerId);
    const unit = share ? (bar.parentElement?.clientWidth ?? 1) : 1;
    from.current = { at: axis === "x" ? event.clientX : event.clientY, size, unit };
  };
  const drag = (event: PointerEvent) => {
    const start = from.current;
    if (start === null) return;
    const moved = (axis === "x" ? event.clientX : event.clientY) - start.at;
    layout.resize(pane, start.size + (sign * moved) / start.unit);
  };
  const release = () => {
    from.current = null;
  };
  return (
    <div
      class={`splitter splitter-${axis} splitter-${pane}`}
      role="separator"
      tabIndex={0}
      aria-orientation={axis === "x" ? "vertical" : "horizontal"}
      aria-label={t(`pane.${pane}`)}
      title={t("pane.hint")}
      aria-valuenow={shown(size)}
      aria-valuemin={pane === "side" ? 0 : shown(least)}
      aria-valuemax={shown(most)}
      data-testid={`splitter-${pane}`}
      onPointerDown={grab}
      onPointerMove={drag}
      onPointerUp={release}
      onPointerCancel={release}
      onDblClick={() => layout.reset(pane)}
      onKeyDown={(event) => {
        const next = sizeAfterKey(pane, size, event.key, sign);
        if (next === null) return;
        event.preventDefault();
        layout.resize(pane, next);
      }}
    />
  );
}
