import { toast } from "../../ui/announce";
import type { Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { pictureProblem } from "../sharing";
import type { BoardDoc } from "./board-doc";
import { BOARD_HEIGHT, BOARD_WIDTH, type NewShape } from "./schema";

const AT_ONCE = 10;
/** An inserted picture takes at most this share of the page, so that there is room to write beside it. */
const SHARE = 0.6;
const SHIFT = 40;

interface Insert {
  board: BoardDoc;
  link: RoomLink;
  pictures: Pictures;
  page: string;
  files: File[];
  as: "background" | "element";
  onPage: (page: string) => void;
}

/** Uploads pictures and lays them on the page, or behind it. One that fails is told, and the others come. */
export async function insertPictures({ board, link, pictures, page, files, as }: Insert): Promise<void> {
  let placed = 0;
  for (const file of files.slice(0, AT_ONCE)) {
    try {
      const uploaded = await pictures.upload(link.session, file, "board");
      if (as === "background") board.setBackground(uploaded.picture, page);
      else {
        board.beginStep();
        board.add([placement(uploaded, page, placed++ * SHIFT)]);
      }
    } catch (error) {
      toast(pictureProblem(error), "error");
    }
  }
}

/** Returns a picture as a shape in the middle of a page, moved by `shift`. */
export function placement(
  { picture, width, height }: { picture: string; width: number; height: number },
  page: string,
  shift: number,
): NewShape {
  const scale = Math.min(1, (BOARD_WIDTH * SHARE) / Math.max(1, width), (BOARD_HEIGHT * SHARE) / Math.max(1, height));
  const [w, h] = [width * scale, height * scale];
  return {
    kind: "image",
    page,
    picture,
    x: (BOARD_WIDTH - w) / 2 + shift,
    y: (BOARD_HEIGHT - h) / 2 + shift,
    width: w,
    height: h,
    colour: "#14171c",
    stroke: 1,
    opacity: 100,
  };
}
