/** The frame in which staff see a user's page, now or in a replay. The frame runs no script, and loads files only from the page's
 *  own site. */

import { useEffect, useState } from "preact/hooks";
import { fit } from "../../cobrowse/marks";
import type { PageSize } from "./rebuild";
import "./page-view.css";

interface Props {
  frame: { current: HTMLIFrameElement | null };
  /** The id of the site to which the page belongs. */
  site: string;
  title: string;
  size: PageSize | null;
  scale: number;
  onLoad: () => void;
}

export function PageFrame({ frame, site, title, size, scale, onLoad }: Props) {
  return (
    <iframe
      ref={frame}
      src={`/page-frame?site=${encodeURIComponent(site)}`}
      sandbox="allow-same-origin"
      referrerpolicy="no-referrer"
      tabIndex={-1}
      title={title}
      onLoad={onLoad}
      style={size ? { width: `${size.width}px`, height: `${size.height}px`, transform: `scale(${scale})` } : {}}
    />
  );
}

/** The user's own pointer over the page. */
export function UserPointer({ at, scale }: { at: { x: number; y: number } | null; scale: number }) {
  return at && <span class="page-view-user" style={{ left: `${at.x * scale}px`, top: `${at.y * scale}px` }} />;
}

/** Returns by how much a page of this size is scaled to fit into the available space. */
export function useScale(room: { current: HTMLDivElement | null }, size: PageSize | null): number {
  const [space, setSpace] = useState<PageSize>({ width: 1, height: 1 });
  useEffect(() => {
    const element = room.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setSpace({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return size ? fit(size, space) : 1;
}
