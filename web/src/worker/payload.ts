/** Reads what a push says (`signaling/push/payload.py`), and builds the notification that shows it. Pure. */

const RINGS = ["user", "callback", "help", "transfer"] as const;
const OTHERS = ["over", "away", "accepted", "answered"] as const;
// longest time for which the worker keeps a notification up to date, ms; browsers stop a worker that handles a push for much
// longer
const LONGEST_MS = 30_000;

export interface Told {
  kind: (typeof RINGS)[number] | (typeof OTHERS)[number];
  tag: string;
  title: string;
  body: string;
  /** How long the ring still lasts, in ms; 0 for a push that is no ring. */
  ms: number;
  accept: string;
  decline: string;
  late: string;
  failed: string;
  /** The id by which the server knows this browser, in pushes to users; "" in pushes to staff. */
  device: string;
}

/** The data that a notification carries, to be used when the person presses the notification. */
export interface Kept {
  kind: Told["kind"];
  title: string;
  reservation: string;
  /** The id of the conversation, in pushes to users; "" in others. */
  session: string;
  late: string;
  failed: string;
  device: string;
}

export interface Notice extends NotificationOptions {
  actions?: { action: string; title: string }[];
  renotify?: boolean;
  vibrate?: number[];
  data: Kept;
}

const text = (value: unknown) => (typeof value === "string" && value.length <= 1000 ? value : "");

/** Returns the content of a push; null for a push that this version of the page does not understand. */
export function told(data: unknown): Told | null {
  if (typeof data !== "object" || data === null) return null;
  const said = data as Record<string, unknown>;
  const kind = [...RINGS, ...OTHERS].find((one) => one === said.kind);
  if (kind === undefined || text(said.tag) === "" || text(said.body) === "") return null;
  return {
    kind,
    tag: text(said.tag),
    title: text(said.title) || "Sangdam",
    body: text(said.body),
    ms: typeof said.ms === "number" && said.ms > 0 ? Math.min(said.ms, LONGEST_MS) : 0,
    accept: text(said.accept),
    decline: text(said.decline),
    late: text(said.late),
    failed: text(said.failed),
    device: text(said.device),
  };
}

export const isRing = (kind: string): boolean => RINGS.some((one) => one === kind);

/** Returns the notification for a push. The notification of a ring stays, vibrates and has two buttons. The notification of the
 *  end of a ring makes no sound. */
export function notice(push: Told): Notice {
  const ring = isRing(push.kind);
  return {
    body: push.body,
    tag: push.tag,
    icon: "/icons/icon-192.png",
    badge: "/icons/badge-96.png",
    requireInteraction: ring,
    renotify: ring,
    silent: push.kind === "over",
    ...(ring ? { vibrate: [300, 150, 300, 150, 300] } : {}),
    ...(ring
      ? {
          actions: [
            { action: "accept", title: push.accept },
            { action: "decline", title: push.decline },
          ],
        }
      : {}),
    data: {
      kind: push.kind,
      title: push.title,
      reservation: ring ? push.tag.replace(/^ring\//, "") : "",
      session: push.tag.startsWith("session/") ? push.tag.slice("session/".length) : "",
      late: push.late,
      failed: push.failed,
      device: push.device,
    },
  };
}

/** Returns the data that a notification carries; null for a notification without such data, such as a notification of another
 *  version. */
export function kept(data: unknown): Kept | null {
  if (typeof data !== "object" || data === null || typeof (data as Kept).kind !== "string") return null;
  return data as Kept;
}
