/** The user's page in a replay: what staff saw of it, in step with sound and board. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { PageFrame, UserPointer, useScale } from "../room/cobrowse/page-frame";
import { Rebuilt, type PageSize } from "../room/cobrowse/rebuild";
import { Receiver } from "../room/cobrowse/receive";
import { list } from "../room/words";
import { nameOf } from "../staff/names";
import { type Recording, keptPages } from "./api";
import { PageHistory, type Shown, type Step } from "./page-history";
import { t } from "./texts";

interface Props {
  recording: Recording;
  /** The moment of the replay, Unix ms. */
  moment: number;
}

export function RecordedPage({ recording, moment }: Props) {
  const [lines, setLines] = useState<Shown[] | "failed" | null>(null);
  useEffect(() => {
    keptPages(recording).then(setLines, () => setLines("failed"));
  }, [recording]);
  if (lines === "failed") return <p role="alert">{t("page.failed")}</p>;
  return lines && <PageThen recording={recording} lines={lines} moment={moment} />;
}

function PageThen({ recording, lines, moment }: Props & { lines: Shown[] }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const room = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState(false);
  const [size, setSize] = useState<PageSize | null>(null);
  const [address, setAddress] = useState("");
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const [now, setNow] = useState<Pick<Step, "whole" | "seenBy" | "end">>({ whole: false, seenBy: [], end: "" });
  const scale = useScale(room, size);
  const history = useMemo(() => new PageHistory(lines), [lines]);
  const receiver = useRef<Receiver | null>(null);
  const follow = () => {
    const rebuilt = new Rebuilt(frame.current!.contentDocument!, {
      onSize: setSize,
      onAddress: setAddress,
      onPointer: (x, y) => setPointer({ x, y }),
    });
    return new Receiver(({ events }) => rebuilt.apply(events));
  };
  useEffect(() => {
    if (!loaded) return;
    const { anew, parts, whole, seenBy, end } = history.to(moment);
    if (anew || !receiver.current) {
      receiver.current?.stop();
      receiver.current = follow();
      setPointer(null);
    }
    for (const part of parts) receiver.current.take(part);
    setNow({ whole, seenBy, end });
  }, [history, loaded, moment]);
  useEffect(() => () => receiver.current?.stop(), []);
  const names = now.seenBy.map((id) => nameOf(recording.people.find((one) => one.id === id) ?? { name: id }));
  const seen = names.length > 0 && now.end === "";
  return (
    <section class="player-page" aria-label={t("page")} data-testid="player-page">
      <p class="player-page-head">
        <strong>{t("page")}</strong>
        {seen && <span class="pill">{t("page.seen", { names: list(names) })}</span>}
        {seen && (
          <span class="player-page-address dim" title={address}>
            {address}
          </span>
        )}
      </p>
      <div
        class="page-view-room player-page-room"
        ref={room}
        style={size ? { aspectRatio: `${size.width} / ${size.height}` } : {}}
      >
        {!seen && (
          <p class="dim" role="status">
            {t(now.end === "" ? "page.unseen" : `page.${now.end}`)}
          </p>
        )}
        <div
          class="page-view-page"
          hidden={!seen || !now.whole || !size}
          style={size ? { width: `${size.width * scale}px`, height: `${size.height * scale}px` } : {}}
        >
          <PageFrame
            frame={frame}
            site={recording.site}
            title={t("page")}
            size={size}
            scale={scale}
            onLoad={() => setLoaded(true)}
          />
          <UserPointer at={pointer} scale={scale} />
        </div>
      </div>
    </section>
  );
}
