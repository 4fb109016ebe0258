import { createStore } from "../ui/store";

/** The picture on which this person wants to draw: a picture of the conversation, or a frame of a live picture (`stream`). The
 *  page opens the board, which then puts the picture on a new page. */
export interface DrawingOn {
  session: string;
  picture?: string;
  stream?: MediaStream;
}

export const drawingOn = createStore<DrawingOn | null>(null);
