import { createStore } from "../ui/store";

/** What somebody wants to draw on: a picture of the conversation, or a frame of a live picture. The page opens the board for it,
 *  and the board takes it. */
export interface DrawingOn {
  session: string;
  picture?: string;
  stream?: MediaStream;
}

export const drawingOn = createStore<DrawingOn | null>(null);
