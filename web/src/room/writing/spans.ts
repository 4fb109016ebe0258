/** Describes which lines a person has read, as spans of line numbers (first to last). Pure. */

import type { Line, Mark, ParticipantView, Span } from "../../messages";

type Run = Span & { fresh: boolean };

const grown = (run: Run | null, first: number, last: number, fresh: boolean): Run => ({
  first: run?.first ?? first,
  last,
  fresh: fresh || run?.fresh === true,
});

/** Returns the spans to report to the server: runs of seen lines, each with at least one line that has not been reported yet
 *  (`fresh`). The person's own lines and system lines count as seen. Numbers of lines that this person does not get, such as
 *  lines for staff, belong to the span of the next line. */
export function spansOf(lines: Line[], you: string, seen: Set<number>, fresh: Set<number>): Span[] {
  const spans: Span[] = [];
  const end = (run: Run | null) => {
    if (run?.fresh) spans.push({ first: run.first, last: run.last });
    return null;
  };
  let run: Run | null = null;
  let before = 0;
  for (const line of lines) {
    const read = seen.has(line.seq) || line.author === you || line.kind === "system";
    run = read ? grown(run, before + 1, line.seq, fresh.has(line.seq)) : end(run);
    before = line.seq;
  }
  end(run);
  return spans;
}

export const includes = (mark: Mark, seq: number): boolean => mark.read.some(({ first, last }) => first <= seq && seq <= last);

/** Returns whether the read mark of a line shows the names of those who have read the line. It shows names if there are several
 *  readers, or if the only reader is a guest. Without the guest's name, the line's author would think that somebody other than
 *  the guest has read the line. */
export const namesReaders = (participants: ParticipantView[], readers: Mark[]): boolean =>
  readers.length > 1 || readers.some((mark) => participants.some(({ id, role }) => id === mark.participant && role === "guest"));
