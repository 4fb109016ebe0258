/** What the signed-in person may do. The server's table of rights decides it; the pages' controls ask here. */
import type { Action, StaffRole } from "../messages";

let granted: ReadonlySet<Action> = new Set();
let held: readonly StaffRole[] = [];

/** Remembers what the person who has signed in may do. */
export const grant = (actions: readonly Action[], roles: readonly StaffRole[]): void => {
  granted = new Set(actions);
  held = roles;
};

/** The role under which the person is shown on the operators' page. */
export const title = (): StaffRole => (held.includes("owner") ? "owner" : (held[0] ?? "supervisor"));

export const may = (action: Action): boolean => granted.has(action);

/** What each part of the operators' page needs, in the order of its navigation. */
export const PART_NEEDS = {
  live: "live.watch",
  past: "past.read",
  appointments: "appointments.manage",
  reports: "reports.read",
  hours: "hours.change",
  replies: "replies.change",
  "wrap-up": "outcomes.change",
  mail: "sites.change",
  settings: "sites.change",
  "signing-in": "sign_in.rules",
  audit: "audit.read",
  doctor: "installation.see",
} as const satisfies Record<string, Action>;

export type Part = keyof typeof PART_NEEDS;

/** The parts of the operators' page that the signed-in person may use. */
export const parts = (): Part[] => (Object.keys(PART_NEEDS) as Part[]).filter((part) => may(PART_NEEDS[part]));

/** Returns whether somebody with these rights may use the page at all. */
export const mayUse = (page: "console" | "operator", actions: readonly Action[]): boolean =>
  page === "console" ? actions.includes("desk.work") : Object.values(PART_NEEDS).some((needed) => actions.includes(needed));
