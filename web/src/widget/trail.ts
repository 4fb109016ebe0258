// The visitor's trail on this site: pages with dwell time, and clicks on elements that the page marks. The widget keeps the trail
// in sessionStorage as lines of text, newest first. JSON is not safe there: scripts of the page can give all arrays and objects a
// `toJSON` of their own (Prototype 1.6 does).
export interface Step {
  kind: "page" | "mark";
  label: string;
  /** The time at which the visitor opened this page or clicked this element, by the page's clock, in ms. */
  at: number;
  url: string;
  /** How long the page was visible to the visitor, in seconds, with fractions. For the present page, this is the time until the
   *  last update of the trail. */
  dwell_s: number;
}

/** Returns a step of the trail as a line of fields that are separated by tabs. Address and label must not contain tabs or
 *  newlines. The limit of 2,000 UTF-16 units only protects the storage: the panel cuts a label much earlier, between two visible
 *  characters (`cut` in ui/cut.ts). */
const line = (kind: string, url: string, at: number, dwell_s: number, label: string) =>
  [kind, url, at, dwell_s, label.replace(/\s+/g, " ").slice(0, 2000)].join("\t");

/** Returns the trail's lines with a step added. Keeps at most 30 steps and drops the oldest. */
export const added = (lines: string[], kind: Step["kind"], label: string, url: string, at: number): string[] =>
  [line(kind, url, at, 0, label), ...lines].slice(0, 30);

/** Adds `seconds` to the current page's dwell time, then makes `url` the current page. If the current page has this address
 *  already, no step is added. Only the page's title is updated, because single-page applications set their title late. */
export const visited = (lines: string[], seconds: number, title: string, url: string, at: number): string[] => {
  const last = lines.findIndex((one) => one[0] == "p");
  const [kind, shown, since, dwell_s, label] = (lines[last] ?? "").split("\t");
  if (shown) lines[last] = line(kind!, shown, +since!, +dwell_s! + seconds, shown == url ? title : label!);
  return shown == url ? lines : added(lines, "page", title, url, at);
};

/** Parses trail lines into steps, oldest first. Skips malformed lines. */
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
