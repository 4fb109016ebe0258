/** The page that the user is looking at, as staff see it. Staff can show the user a pointer, a frame, a line or a link there. */

import { Eye, Frame, Link, MousePointer2, PenLine } from "lucide";
import type { TargetedPointerEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onPage, spotIn, type Box } from "../../cobrowse/marks";
import type { Spot } from "../../cobrowse/protocol";
import type { SessionView } from "../../messages";
import { toast } from "../../ui/announce";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import { viewer } from "../state";
import { nameOf } from "../words";
import { PageFrame, UserPointer, useScale } from "./page-frame";
import { Rebuilt, type PageSize } from "./rebuild";
import { Receiver } from "./receive";
import { t } from "./words";
import "./page-view.css";

const POINT_MS = 50; // at least this many ms pass between two messages with the pointer's position
const MOST_SPOTS = 60;
const TOOLS = [
  ["pointer", MousePointer2],
  ["frame", Frame],
  ["line", PenLine],
  ["link", Link],
] as const;
type Tool = (typeof TOOLS)[number][0];

interface Props {
  client: Client;
  session: SessionView;
}

/** Follows the user's page in the frame while the frame is on the screen. Returns the page, its size and its address. */
function usePage(client: Client, session: SessionView, frame: { current: HTMLIFrameElement | null }) {
  const [size, setSize] = useState<PageSize | null>(null);
  const [address, setAddress] = useState("");
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const [loaded, setLoaded] = useState(false);
  const page = useRef<Rebuilt | null>(null);
  const open = useStore(client.state, (state) => state.status === "open");
  const may = session.cobrowse?.may_see === true;
  useEffect(() => {
    const doc = frame.current?.contentDocument;
    if (!open || !may || !loaded || !doc) return;
    const rebuilt = new Rebuilt(doc, {
      onSize: setSize,
      onAddress: setAddress,
      onPointer: (x, y) => setPointer({ x, y }),
    });
    page.current = rebuilt;
    const receiver = new Receiver(({ events }) => rebuilt.apply(events));
    const stop = client.onMessage((message) => {
      if (message.type === "page" && message.session === session.id) receiver.take(message);
    });
    // The server tells the user who sees the page. Staff whose console is hidden, for example by another tab, see nothing of the
    // page.
    const watch = () => {
      const message = { type: "watch_page" as const, session: session.id, on: !document.hidden };
      client.connection.request(message).catch(() => undefined);
    };
    watch();
    document.addEventListener("visibilitychange", watch);
    return () => {
      stop();
      receiver.stop();
      document.removeEventListener("visibilitychange", watch);
      client.connection.request({ type: "watch_page", session: session.id, on: false }).catch(() => undefined);
      page.current = null;
      setSize(null);
    };
  }, [open, may, loaded, session.id]);
  return { page, size, address, pointer, onLoad: () => setLoaded(true) };
}

export function PageView({ client, session }: Props) {
  useLocale();
  const frame = useRef<HTMLIFrameElement>(null);
  const room = useRef<HTMLDivElement>(null);
  const { page, size, address, pointer, onLoad } = usePage(client, session, frame);
  const [tool, setTool] = useState<Tool>("pointer");
  const scale = useScale(room, size);
  const { cobrowse } = session;
  if (!cobrowse) return null;
  const owner = viewer(session)?.owner === true;
  const user = nameOf(session.participants.find((one) => one.role === "user") ?? { name: "", role: "user" });
  const say = (message: Parameters<Client["connection"]["request"]>[0]) =>
    client.connection.request(message).catch(() => toast(t("failed"), "error"));
  const waits = waitsFor(session, size !== null);
  return (
    <section class="page-view" aria-label={t("page", { name: user })} data-testid="page-view">
      <header class="page-view-head">
        <Icon node={Eye} size={16} />
        <span class="page-view-address" title={address} data-testid="page-address">
          {address || t("page", { name: user })}
        </span>
        <span class="pill">{t(cobrowse.texts === "open" ? "open" : "strict")}</span>
        {cobrowse.state === "on" && session.recording?.state === "on" && <span class="pill">{t("recorded.short")}</span>}
        {cobrowse.state === "on" && (
          <div class="segments segments-small" role="group" aria-label={t("tools")}>
            {TOOLS.map(([one, icon]) => (
              <button
                key={one}
                type="button"
                aria-pressed={tool === one}
                title={t(`tool.${one}`)}
                aria-label={t(`tool.${one}`)}
                data-testid={`page-tool-${one}`}
                onClick={() => setTool(one)}
              >
                <Icon node={icon} size={16} />
              </button>
            ))}
          </div>
        )}
        {owner && cobrowse.state !== "" && (
          <Button onClick={() => void say({ type: "cobrowse", session: session.id, on: false })} data-testid="page-stop">
            {t(cobrowse.state === "on" ? "staff.stop" : "staff.withdraw")}
          </Button>
        )}
      </header>
      <div class="page-view-room" ref={room}>
        {waits && (
          <p class="page-view-waits" role="status" data-testid="page-waits">
            {t(waits, { name: user })}
          </p>
        )}
        <div
          class="page-view-page"
          hidden={!!waits}
          style={size ? { width: `${size.width * scale}px`, height: `${size.height * scale}px` } : {}}
        >
          <PageFrame
            frame={frame}
            site={session.site.id}
            title={t("page", { name: user })}
            size={size}
            scale={scale}
            onLoad={onLoad}
          />
          <Surface
            tool={tool}
            scale={scale}
            at={(x, y) => page.current?.at(x, y) ?? null}
            onMark={(kind, node, spots) => client.connection.send({ type: "point_page", session: session.id, kind, node, spots })}
            onLink={(url) =>
              void client.connection.request({ type: "propose_link", session: session.id, url }).then(
                () => toast(t("link.sent")),
                () => toast(t("link.foreign"), "error"),
              )
            }
          />
          <UserPointer at={pointer} scale={scale} />
        </div>
      </div>
      {tool === "link" && !waits && <p class="page-view-hint">{t("tool.link.hint")}</p>}
    </section>
  );
}

/** Returns the text that is shown in place of the page; "" while the page is shown. */
function waitsFor({ cobrowse }: SessionView, shown: boolean) {
  if (!cobrowse || cobrowse.state === "") return "ended" as const;
  if (cobrowse.state === "asked") return "waits" as const;
  if (!cobrowse.may_see) return "apart" as const;
  if (cobrowse.too_large) return "large" as const;
  if (cobrowse.crowded) return "crowded" as const;
  if (!cobrowse.ready) return "away" as const;
  return shown ? ("" as const) : ("loading" as const);
}

interface SurfaceProps {
  tool: Tool;
  scale: number;
  at: (x: number, y: number) => { node: number; box: Box; link: string } | null;
  onMark: (kind: "pointer" | "frame" | "line", node: number, spots: Spot[]) => void;
  onLink: (url: string) => void;
}

/** The layer over the page that takes the pointer, so that nothing in the page can be pressed. */
function Surface({ tool, scale, at, onMark, onLink }: SurfaceProps) {
  const sent = useRef(0);
  const drawn = useRef<{ node: number; box: Box; spots: Spot[] } | null>(null);
  const [line, setLine] = useState("");
  const [frame, setFrame] = useState<Box | null>(null);
  const place = (event: TargetedPointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return onPage(event.clientX - box.left, event.clientY - box.top, scale);
  };
  const flush = () => {
    const drawing = drawn.current;
    if (!drawing || drawing.spots.length < 2) return;
    onMark("line", drawing.node, drawing.spots);
    drawing.spots = drawing.spots.slice(-1);
  };
  const moved = (event: TargetedPointerEvent<HTMLElement>) => {
    const { x, y } = place(event);
    const drawing = drawn.current;
    if (drawing) {
      drawing.spots.push(spotIn(drawing.box, x, y));
      setLine((was) => `${was} ${x * scale},${y * scale}`);
      if (drawing.spots.length >= MOST_SPOTS) flush();
    }
    const now = performance.now();
    if (now - sent.current < POINT_MS) return;
    sent.current = now;
    const target = at(x, y);
    setFrame(tool === "frame" || tool === "link" ? (target?.box ?? null) : null);
    if (target) onMark("pointer", target.node, [spotIn(target.box, x, y)]);
    if (drawing) flush();
  };
  const pressed = (event: TargetedPointerEvent<HTMLElement>) => {
    const { x, y } = place(event);
    const target = at(x, y);
    if (!target) return;
    if (tool === "frame") onMark("frame", target.node, []);
    else if (tool === "link" && target.link) onLink(target.link);
    else if (tool === "line") {
      event.currentTarget.setPointerCapture(event.pointerId);
      drawn.current = { ...target, spots: [spotIn(target.box, x, y)] };
      setLine(`${x * scale},${y * scale}`);
    }
  };
  const released = () => {
    flush();
    drawn.current = null;
    setTimeout(() => drawn.current === null && setLine(""), 1500);
  };
  return (
    <div
      class="page-view-surface"
      data-tool={tool}
      data-testid="page-surface"
      onPointerMove={moved}
      onPointerDown={pressed}
      onPointerUp={released}
      onPointerLeave={() => setFrame(null)}
    >
      <svg aria-hidden="true">
        {line && <polyline points={line} />}
        {frame && (
          <rect x={frame.left * scale} y={frame.top * scale} width={frame.width * scale} height={frame.height * scale} rx="4" />
        )}
      </svg>
    </div>
  );
}
