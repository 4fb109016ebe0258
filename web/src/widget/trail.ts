// The visitor's trail on this site: pages with dwell time, and marked clicks. Kept by the widget in sessionStorage.

export interface Step {
  kind: "page" | "mark";
  label: string;
  at: number;
  url: string;
  /** Seconds with fractions: it is added to each time the page is hidden. */
  dwell_s: number;
}

/** Adds a step; at most 30 are kept, the oldest are dropped. */
export const added = (trail: Step[], kind: Step["kind"], label: string, url: string, at: number): Step[] =>
  [...trail, { kind, label: label.slice(0, 120), at, url, dwell_s: 0 }].slice(-30);

/** The page shown so far was looked at for `seconds` more; then `url` is shown. The same one is no new step, but may have got its
 *  title since: pages made by scripts do. */
export const visited = (trail: Step[], seconds: number, title: string, url: string, at: number): Step[] => {
  const page = trail.findLast((step) => step.kind == "page");
  if (page) page.dwell_s += seconds;
  if (page?.url != url) return added(trail, "page", title, url, at);
  page.label = title.slice(0, 120);
  return trail;
};
