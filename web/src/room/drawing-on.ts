import { createStore } from "../ui/store";

/** What this person wants to draw on: a picture in the conversation, or a frame of a live picture (`stream`). The page opens the
 *  board, and the board takes it. */
export interface DrawingOn {
  session: string;
  picture?: string;
  stream?: MediaStream;
}

export const drawingOn = createStore<DrawingOn | null>(null);
