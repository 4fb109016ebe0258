/**
 * Computes who hears whom, and the layout of the small picture that shows it. Pure. Positions are in a drawing that is 240 wide.
 */
import type { Mode, Original, ParticipantView, RoomView, SessionView } from "../../messages";

/** Listener → the ids of the participants whom the listener hears, as in `RoomView.hears`. */
export type Hears = Record<string, string[]>;

export interface Cast {
  user: string;
  counselor: string;
  professional: string;
  guests: string[];
}

export interface Line {
  a: string;
  b: string;
  /** Which of the two people hears the other: only `a`, only `b`, both, or neither. */
  way: "both" | "a_hears_b" | "b_hears_a" | "none";
}

export interface Point {
  x: number;
  y: number;
}

/** Returns the ids of a session's people by role; "" for a role that nobody has. The session's owner counts as the counselor.
 *  Any other member of staff counts as the professional, even a colleague in a transfer. */
export function cast(participants: ParticipantView[]): Cast {
  const here = participants.filter((one) => one.presence !== "gone" && one.role !== "operator" && one.label !== "camera");
  const staff = here.filter((one) => one.role !== "user" && one.role !== "guest");
  const counselor = staff.find((one) => one.owner);
  return {
    user: here.find((one) => one.role === "user")?.id ?? "",
    counselor: counselor?.id ?? "",
    professional: staff.find((one) => one !== counselor)?.id ?? "",
    guests: here.filter((one) => one.role === "guest").map((one) => one.id),
  };
}

/** An interpreting guest, whose voice covers the original voices of the people who are interpreted. `user` and `staff`: how the
 *  user's side and the staff hear the original voices. */
export interface Interpreter {
  guest: string;
  user: Original;
  staff: Original;
}

/** Returns the interpreter who can be heard; null if nobody interprets, or the interpreter is away or muted. */
export function interpreterOf({ interpreting, participants }: SessionView): Interpreter | null {
  const guest = participants.find((one) => one.id === interpreting?.guest);
  return interpreting && guest?.peer === "live" && guest.media.mic ? interpreting : null;
}

/** Returns who would hear whom in a mode. The server has its own copy of this rule and decides; this copy only previews a change.
 *  Guests hear the people whom the user hears, and are heard by the people who hear the user. If a side is set to hear only the
 *  interpreter, that side does not hear the other side. */
export function hearsIn(mode: Mode, hearUser: boolean, who: Cast, interpreter: Interpreter | null = null): Hears {
  const hears = withoutInterpreter(mode, hearUser, who);
  if (interpreter === null || mode === "consultation") return hears;
  const isOutside = (id: string) => id === who.user || who.guests.includes(id);
  const covered = (listener: string, source: string) =>
    ![listener, source].includes(interpreter.guest) &&
    isOutside(listener) !== isOutside(source) &&
    interpreter[isOutside(listener) ? "user" : "staff"] === "none";
  return Object.fromEntries(
    Object.entries(hears).map(([listener, sources]) => [listener, sources.filter((source) => !covered(listener, source))]),
  );
}

function withoutInterpreter(mode: Mode, hearUser: boolean, { user, counselor, professional, guests }: Cast): Hears {
  const outside = [user, ...guests];
  const heard = mode === "consultation" && !hearUser ? [] : outside;
  const toOutside = { consultation: [], whisper: [counselor], conference: [counselor, professional] }[mode];
  const ofOutside = outside.map((one) => [
    one,
    mode === "consultation" ? [] : [...outside.filter((other) => other !== one), ...toOutside],
  ]);
  return {
    ...(Object.fromEntries(ofOutside) as Hears),
    [counselor]: mode === "whisper" || mode === "conference" ? [...heard, professional] : [professional, ...heard],
    [professional]: mode === "consultation" ? [counselor, ...heard] : [...heard, counselor],
  };
}

/** Returns one line of the drawing for each pair of people. The lines keep their order, so that nothing jumps when the mode
 *  changes. */
export function lines(hears: Hears, people: string[]): Line[] {
  const present = people.filter((id) => id !== "");
  const pairs = present.flatMap((a, i) => present.slice(i + 1).map((b) => [a, b] as const));
  return pairs.map(([a, b]) => {
    const ab = (hears[a] ?? []).includes(b);
    const ba = (hears[b] ?? []).includes(a);
    return { a, b, way: ab && ba ? "both" : ab ? "a_hears_b" : ba ? "b_hears_a" : "none" };
  });
}

/** The height of the drawing, whose width is 240, for each number of guests. */
export const HEIGHTS = [162, 222, 222, 258];

/** The places of up to three guests in the picture. With the user above them, all people are on a curve, so that no line between
 *  two people goes through a third person. Their names are outside this curve, so that no line goes through a name. */
const GUESTS_AT: Point[] = [
  { x: 38, y: 92 },
  { x: 202, y: 92 },
  { x: 120, y: 218 },
];

/** Returns where each person is in the picture: user above, counselor below left, professional below right, in every mode. */
export function places({ user, counselor, professional, guests }: Cast): Record<string, Point> {
  const at: Record<string, Point> = {};
  const [side, y] = guests.length > 2 ? [38, 172] : guests.length > 0 ? [62, 180] : [56, 124];
  const alone = guests.length > 2 ? side : 120; // a third guest takes the place in the middle
  if (user) at[user] = { x: 120, y: 46 };
  if (counselor) at[counselor] = { x: professional ? side : alone, y };
  if (professional) at[professional] = { x: counselor ? 240 - side : alone, y };
  guests.forEach((guest, n) => (at[guest] = GUESTS_AT[n] ?? { x: 120, y: 132 }));
  return at;
}

/** Returns a name as it fits into the picture, above or below a person at `x`. A Korean, Japanese or Chinese character counts as
 *  two letters. */
export function shortName(name: string, x: number): string {
  const most = Math.min(14, Math.floor((2 * Math.min(x, 240 - x)) / 8));
  const letters = Array.from(name);
  const width = (all: string[]) => all.reduce((sum, letter) => sum + (letter > "\u1100" ? 2 : 1), 0);
  if (width(letters) <= most) return name;
  while (width(letters) > most - 1) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** Returns the line between two people, shortened so that arrow heads end at the people's circles. */
export function segment(from: Point, to: Point, radius: number): { x1: number; y1: number; x2: number; y2: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const ux = (to.x - from.x) / length;
  const uy = (to.y - from.y) / length;
  return { x1: from.x + ux * radius, y1: from.y + uy * radius, x2: to.x - ux * radius, y2: to.y - uy * radius };
}

/** Returns who hears whom now, as the server reports. Without a room nobody hears anybody. */
export const hearsNow = (room: RoomView | null): Hears => room?.hears ?? {};
