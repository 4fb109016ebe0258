import { get } from "../staff/api";
import type { Line, Role } from "../messages";
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
  people: { id: string; name: string; role: Role }[];
  lines: Line[];
  /** The recorded session's board as one Yjs update, in base64. */
  board: string;
}

export const recording = (session: string) => get(`/api/recordings/${encodeURIComponent(session)}`) as Promise<Recording>;
