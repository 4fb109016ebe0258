import { get } from "../staff/api";
import type { GuestLabel, Line, Role } from "../messages";
import type { BoardStep } from "./history";
import { boardSteps } from "./steps";
import type { Piece, Timed } from "./timeline";

export interface Track extends Timed {
  url: string;
  participant: string;
  kind: "audio" | "camera" | "screen";
}

export interface Recording {
  session: string;
  pieces: Piece[];
  tracks: Track[];
  people: { id: string; name: string; role: Role; label: GuestLabel | "" }[];
  lines: Line[];
  /** The changes of the session's board, in order. */
  board: BoardStep[];
}

export async function recording(session: string): Promise<Recording> {
  const path = `/api/recordings/${encodeURIComponent(session)}`;
  const [found, board] = await Promise.all([get(path) as Promise<Omit<Recording, "board">>, boardSteps(`${path}/board`)]);
  return { ...found, board };
}
