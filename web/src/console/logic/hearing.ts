/**
 * Who hears whom, for the small picture of the people. Pure: positions are in the units of a 240 × 150 drawing.
 */
import type { Mode, ParticipantView, RoomView } from "../../messages";

/** listener → sources, as `RoomView.hears`. */
export type Hears = Record<string, string[]>;

export interface Cast {
  user: string;
  counselor: string;
  professional: string;
}

export interface Line {
  a: string;
  b: string;
  /** `both`: they hear each other; `a_hears_b` and `b_hears_a`: one way. */
  way: "both" | "a_hears_b" | "b_hears_a" | "none";
}

export interface Point {
  x: number;
  y: number;
}

/**
 * Returns the people of a session by part; "" for a part without a person. The owner is the counselor. Another staff member was
 * asked in: a professional, or a colleague in a transfer.
 */
export function cast(participants: ParticipantView[]): Cast {
  const here = participants.filter((one) => one.presence !== "gone" && one.role !== "operator");
  const staff = here.filter((one) => one.role !== "user");
  const counselor = staff.find((one) => one.owner);
  return {
    user: here.find((one) => one.role === "user")?.id ?? "",
    counselor: counselor?.id ?? "",
    professional: staff.find((one) => one !== counselor)?.id ?? "",
  };
}

/** Returns who would hear whom in a mode: the server's rule, used only to preview a change. */
export function hearsIn(mode: Mode, hearUser: boolean, { user, counselor, professional }: Cast): Hears {
  switch (mode) {
    case "consultation": {
      const heard = hearUser ? [user] : [];
      return { [user]: [], [counselor]: [professional, ...heard], [professional]: [counselor, ...heard] };
    }
    case "whisper":
      return { [user]: [counselor], [counselor]: [user, professional], [professional]: [user, counselor] };
    case "conference":
      return { [user]: [counselor, professional], [counselor]: [user, professional], [professional]: [user, counselor] };
  }
}

/** One line for each pair of people present, in a fixed order so that nothing jumps when the mode changes. */
export function lines(hears: Hears, people: string[]): Line[] {
  const present = people.filter((id) => id !== "");
  const pairs = present.flatMap((a, i) => present.slice(i + 1).map((b) => [a, b] as const));
  return pairs.map(([a, b]) => {
    const ab = (hears[a] ?? []).includes(b);
    const ba = (hears[b] ?? []).includes(a);
    return { a, b, way: ab && ba ? "both" : ab ? "a_hears_b" : ba ? "b_hears_a" : "none" };
  });
}

/** User above, counselor below left, professional below right: the same places in every mode. */
export function places({ user, counselor, professional }: Cast): Record<string, Point> {
  const at: Record<string, Point> = {};
  if (user) at[user] = { x: 120, y: 30 };
  if (counselor) at[counselor] = professional ? { x: 44, y: 112 } : { x: 120, y: 112 };
  if (professional) at[professional] = counselor ? { x: 196, y: 112 } : { x: 120, y: 112 };
  return at;
}

/** The segment between two people, shortened so that arrow heads end at the circles. */
export function segment(from: Point, to: Point, radius: number): { x1: number; y1: number; x2: number; y2: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const ux = (to.x - from.x) / length;
  const uy = (to.y - from.y) / length;
  return { x1: from.x + ux * radius, y1: from.y + uy * radius, x2: to.x - ux * radius, y2: to.y - uy * radius };
}

/** Returns who hears whom now, as the server reports it from the connections. Without a room nobody hears anybody. */
export const hearsNow = (room: RoomView | null): Hears => room?.hears ?? {};
