import { get } from "../staff/api";
import type { GuestLabel, Line, Role } from "../messages";
import type { BoardStep } from "./history";
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

export const recording = (session: string) => get(`/api/recordings/${encodeURIComponent(session)}`) as Promise<Recording>;
