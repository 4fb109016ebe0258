import { get } from "../staff/api";
import type { GuestLabel, Line, Role } from "../messages";
import type { BoardStep } from "./history";
import { readPage, type Shown } from "./page-history";
import { boardSteps } from "./steps";
import type { Piece, Timed } from "./timeline";

export interface Track extends Timed {
  url: string;
  participant: string;
  kind: "audio" | "camera" | "screen";
}

export interface Recording {
  session: string;
  /** The id of the session's site. If staff saw the user's page, the page belongs to this site. */
  site: string;
  pieces: Piece[];
  tracks: Track[];
  people: { id: string; name: string; role: Role; label: GuestLabel | "" }[];
  lines: Line[];
  /** Whether the session has more lines than `lines` contains. */
  lines_cut: boolean;
  /** The changes of the session's board, in order. */
  board: BoardStep[];
  /** The addresses of the files that contain what staff saw of the user's page, in order. */
  pages: string[];
}

export async function recording(session: string): Promise<Recording> {
  const path = `/api/recordings/${encodeURIComponent(session)}`;
  const [found, board] = await Promise.all([get(path) as Promise<Omit<Recording, "board">>, boardSteps(`${path}/board`)]);
  return { ...found, board };
}

/** Returns what staff saw of the user's page, in order of time. */
export async function keptPages({ pages }: Recording): Promise<Shown[]> {
  const texts = await Promise.all(
    pages.map(async (url) => {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      return response.text();
    }),
  );
  return texts.flatMap(readPage);
}
