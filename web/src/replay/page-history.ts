/** A recorded page as staff saw it at any time. Pure. */

import type { Part } from "../room/cobrowse/receive";

export type Ending = "full" | "disk_full" | "too_slow";

/** A line of the file that the server kept (`Shown` in `signaling/recordings/seen_pages.py`). `at`: Unix ms. `begins`: whether
 *  this line begins a stretch of time in which staff followed the page. The page that was built from earlier lines is then out of
 *  date. */
export interface Shown {
  at: number;
  begins?: boolean;
  data?: string;
  first?: boolean;
  more?: boolean;
  seen_by?: string[];
  end?: Ending;
}

/** A step that brings a page from one moment of a replay to another. */
export interface Step {
  /** Whether the page that the replay shows is dropped and built again from `parts`. If not, `parts` change that page. */
  anew: boolean;
  parts: Part[];
  /** Whether the replay can show the page as staff saw it at that moment: a snapshot has come since they began to see it. If not,
   *  `parts` build a page from an earlier time. */
  whole: boolean;
  /** Who saw the page at the moment to which this step leads. */
  seenBy: string[];
  /** Why the page was no longer recorded at the moment to which this step leads; "" if the page was still recorded. */
  end: Ending | "";
}

/** Returns the lines of a file. A line that a crash cut off is left out. An empty line, or the end of the file, ends a stretch of
 *  time in which staff saw the page: after the last line of the stretch, nobody sees the page. */
export function readPage(text: string): Shown[] {
  const lines: Shown[] = [];
  let begins = true;
  for (const line of [...text.split("\n"), ""]) {
    const last = lines.at(-1);
    if (line === "") {
      if (last && last.end === undefined && last.seen_by?.length !== 0) lines.push({ at: last.at, seen_by: [] });
      begins = true;
    }
    const read = line === "" ? null : parsed(line);
    if (!read) continue;
    const at = Math.max(read.at, last?.at ?? 0);
    if (begins) lines.push({ at, data: "", begins });
    begins = false;
    lines.push({ ...read, at });
  }
  return lines;
}

function parsed(line: string): Shown | null {
  try {
    return JSON.parse(line) as Shown;
  } catch {
    return null;
  }
}

export class PageHistory {
  /** The complete snapshots, each of which is one or more lines. `begin`: index of its first line. `after`: index of the line
   *  after its last line. */
  private readonly snapshots: { begin: number; after: number }[] = [];
  private applied = 0;

  constructor(private readonly lines: readonly Shown[]) {
    let begin = -1;
    lines.forEach(({ data, first = false, more = false }, at) => {
      if (data === undefined) return;
      if (data === "" || !first) begin = -1;
      else if (begin < 0) begin = at;
      if (begin < 0 || more) return;
      this.snapshots.push({ begin, after: at + 1 });
      begin = -1;
    });
  }

  /** Returns the step that brings the page from the moment of the last call to `until` (Unix ms). */
  to(until: number): Step {
    let due = 0;
    while (due < this.lines.length && this.lines[due]!.at <= until) due++;
    const newest = this.snapshots.findLast(({ after }) => after <= due);
    const anew = due < this.applied || (newest !== undefined && newest.begin >= this.applied);
    const from = anew ? (newest?.begin ?? due) : this.applied;
    const start = this.lines.slice(0, due).findLastIndex(({ begins }) => begins === true);
    this.applied = due;
    const parts = this.lines
      .slice(from, due)
      .flatMap(({ data, first, more }) => (data === undefined ? [] : [{ data, first, more }]));
    const told = this.lines.slice(0, due).findLast(({ seen_by, end }) => seen_by !== undefined || end !== undefined);
    const whole = newest !== undefined && newest.begin > start;
    return { anew, parts, whole, seenBy: told?.seen_by ?? [], end: told?.end ?? "" };
  }
}
