import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { announce, toast } from "../../ui/announce";
import type { BoardDoc } from "./board-doc";
import type { Opened } from "./board-view";
import { LEAD_EVERY_MS, Signs, type Sign } from "./presence";
import type { Box } from "./shape";
import type { Point } from "./strokes";
import { seen, showing } from "./viewport";
import { t } from "./words";

const CURSOR_EVERY_MS = 80;
const LASER_EVERY_MS = 40;
/** If one change of the document has at most this many shapes, somebody is drawing these shapes now. A change with more shapes is
 *  a copy, or brings shapes that were drawn before this person came. */
const DRAWN_AT_ONCE = 3;

interface PresenceOptions {
  board: BoardDoc;
  you: string;
  opened: Opened | null;
  page: string;
  mayWrite: boolean;
  goTo: (page: string) => void;
  nameOf: (id: string) => string;
}

/** Shows where other people point on the board. Lets one person lead: the boards of all other people then show the part of the
 *  page that this person sees. */
export function usePresence({ board, you, opened, page, mayWrite, goTo, nameOf }: PresenceOptions) {
  const signs = useMemo(() => new Signs(), [board]);
  const [leader, setLeader] = useState("");
  const [leading, setLeading] = useState(false);
  const declined = useRef("");
  const following = useRef(false);
  const latest = useRef({ nameOf, goTo });
  latest.current = { nameOf, goTo };
  const canvas = opened?.canvas;

  useEffect(() => {
    const show = (to: string, box: Box) => {
      if (!canvas || !board.page(to)) return;
      following.current = true;
      latest.current.goTo(to);
      canvas.showPage(to);
      canvas.look(showing(box, canvas.space));
      following.current = false;
    };
    const onSign = (from: string, sign: Sign) => {
      signs.take(from, sign, performance.now());
      canvas?.want();
      if (sign.kind === "come") {
        toast(t("board.come.told", { name: latest.current.nameOf(from) }));
        show(sign.page, sign.box);
      }
      if (sign.kind !== "lead" || declined.current === from || signs.leader() !== from) return;
      setLeader(from);
      show(sign.page, sign.box);
    };
    const fades = setInterval(() => {
      if (signs.people.size > 0) canvas?.want();
      signs.fade(performance.now());
      const now = signs.leader();
      if (!now) declined.current = "";
      setLeader(now === declined.current ? "" : now);
    }, 500);
    const end = board.listen({ onSign, onGrown: (shapes) => shapes.length <= DRAWN_AT_ONCE && follow(shapes.at(-1)) });
    // A person who draws sends no cursor. Other people see that person's cursor at the end of the stroke instead.
    const follow = (shape?: { author: string; page: string; x: number; y: number; points: readonly Point[] }) => {
      if (!shape || shape.author === you || shape.points.length < 2) return;
      const [dx, dy] = shape.points.at(-1)!;
      signs.take(shape.author, { kind: "cursor", page: shape.page, at: [shape.x + dx, shape.y + dy] }, performance.now());
    };
    return () => {
      end();
      clearInterval(fades);
    };
  }, [board, canvas]);
  useEffect(() => {
    if (leader) announce(t("board.follow.now", { name: nameOf(leader) }));
  }, [leader]);

  const sent = useRef({
    cursor: 0,
    laser: 0,
    trail: [] as Point[],
    timer: undefined as ReturnType<typeof setTimeout> | undefined,
  });
  const point = (at: Point) => {
    const now = performance.now();
    if (!mayWrite || now - sent.current.cursor < CURSOR_EVERY_MS) return;
    sent.current.cursor = now;
    board.show({ kind: "cursor", page, at });
  };
  const laser = (trail: Point[]) => {
    const last = sent.current;
    signs.take(you, { kind: "laser", page, trail }, performance.now());
    canvas?.want();
    last.trail.push(...trail);
    last.timer ??= setTimeout(() => {
      last.timer = undefined;
      board.show({ kind: "laser", page, trail: last.trail });
      last.trail = [];
    }, LASER_EVERY_MS);
  };
  const lead = () => canvas && board.show({ kind: "lead", page: canvas.page, box: seen(canvas.view, canvas.space) });
  useEffect(() => {
    if (!leading || !mayWrite) return;
    lead();
    const timer = setInterval(lead, LEAD_EVERY_MS);
    return () => {
      clearInterval(timer);
      board.show({ kind: "gone" });
    };
  }, [leading, mayWrite, canvas, page]);
  useEffect(() => () => void board.show({ kind: "gone" }), [board]);

  /**
   * `moved`: the time at which this person, as a leader, last sent their view, that is, the part of the page that they see
   * (performance.now, ms). `onView` runs whenever this view changes. A follower who moves the view stops following the
   * leader. If this person leads, the new view is sent, at most once in 80 ms.
   */
  const moved = useRef(0);
  const onView = () => {
    if (leader && !following.current) {
      declined.current = leader;
      setLeader("");
    }
    const now = performance.now();
    if (leading && now - moved.current > CURSOR_EVERY_MS) {
      moved.current = now;
      lead();
    }
  };
  return {
    signs,
    point,
    laser,
    onView,
    leader,
    leading,
    setLeading,
    stop: () => {
      declined.current = leader;
      setLeader("");
    },
    bring: () => canvas && board.show({ kind: "come", page: canvas.page, box: seen(canvas.view, canvas.space) }),
  };
}
