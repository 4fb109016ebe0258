import { createStore } from "../ui/store";

/** The picture on which this person wants to draw: a picture of the conversation, or a frame of a live picture (`stream`). The
 *  board is then opened, and gets a new page with this picture as its background. */
export interface DrawingOn {
  session: string;
  picture?: string;
  stream?: MediaStream;
}

export const drawingOn = createStore<DrawingOn | null>(null);
