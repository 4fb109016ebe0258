// The visitor's trail on this site: pages with dwell time, and marked clicks. The widget keeps it in sessionStorage as lines of
// text, newest first: a page may give its arrays and objects a `toJSON` of its own (Prototype 1.6 does), so JSON is not safe there.
import { cut } from "../ui/cut";

export interface Step {
  kind: "page" | "mark";
  label: string;
  /** On the page's clock, in ms. */
  at: number;
  url: string;
  /** Seconds with fractions: it is added to each time the page is hidden. */
  dwell_s: number;
}

/** Neither address nor label holds a tab or a new line. */
const line = (kind: string, url: string, at: number, dwell_s: number, label: string) =>
  [kind, url, at, dwell_s, cut(label.replace(/\s+/g, " "), 200)].join("\t");

/** Adds a step; at most 30 are kept, the oldest are dropped. */
export const added = (lines: string[], kind: Step["kind"], label: string, url: string, at: number): string[] =>
  [line(kind, url, at, 0, label), ...lines].slice(0, 30);

/** The page shown so far was looked at for `seconds` more; then `url` is shown. The same one is no new step, but may have got its
 *  title since: pages made by scripts do. */
export const visited = (lines: string[], seconds: number, title: string, url: string, at: number): string[] => {
  const last = lines.findIndex((one) => one[0] == "p");
  const [kind, shown, since, dwell_s, label] = (lines[last] ?? "").split("\t");
  if (shown) lines[last] = line(kind!, shown, +since!, +dwell_s! + seconds, shown == url ? title : label!);
  return shown == url ? lines : added(lines, "page", title, url, at);
};

/** The steps of such lines, oldest first; a line that is none is left out. */
export const readTrail = (lines: string[]): Step[] =>
  lines
    .map((one) => one.split("\t"))
    .filter(
      ([kind, , ...times]) => (kind == "page" || kind == "mark") && times.length == 3 && Number.isFinite(+times[0]! + +times[1]!),
    )
    .map(([kind, url, at, dwell_s, label]) => ({
      kind: kind as Step["kind"],
      url: url!,
      at: +at!,
      dwell_s: +dwell_s!,
      label: label!,
    }))
    .reverse();
