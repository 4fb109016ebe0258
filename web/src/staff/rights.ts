/** The rights of the signed-in person, as the server's table of rights gives them. Pages ask this file which controls to show. */
import type { Action, StaffRole } from "../messages";

let granted: ReadonlySet<Action> = new Set();
let held: readonly StaffRole[] = [];

/** Stores the rights and roles of the person who has signed in. */
export const grant = (actions: readonly Action[], roles: readonly StaffRole[]): void => {
  granted = new Set(actions);
  held = roles;
};

/** Returns the role that the operators' page shows beside the name of the signed-in person. */
export const title = (): StaffRole => (held.includes("owner") ? "owner" : (held[0] ?? "supervisor"));

export const may = (action: Action): boolean => granted.has(action);

/** Part of the operators' page → the right that the part needs. The order is that of the page's navigation. */
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

/** Returns the parts of the operators' page that the signed-in person is allowed to use. */
export const parts = (): Part[] => (Object.keys(PART_NEEDS) as Part[]).filter((part) => may(PART_NEEDS[part]));

/** Returns whether a person with these rights is allowed to use the console, or any part of the operators' page. */
export const mayUse = (page: "console" | "operator", actions: readonly Action[]): boolean =>
  page === "console" ? actions.includes("desk.work") : Object.values(PART_NEEDS).some((needed) => actions.includes(needed));
