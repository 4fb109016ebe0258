import { toast } from "../../ui/announce";
import { PictureError, type Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { pictureProblem } from "../sharing";
import type { BoardDoc } from "./board-doc";
import { BOARD_HEIGHT, BOARD_WIDTH, type NewShape } from "./schema";
import { t } from "./words";

const AT_ONCE = 10;
const PDF_PAGES_MOST = 20;
/** Longer side of the picture of a PDF page, in px. The picture is sharp even if the board's page is shown at twice its usual
 *  size. */
const PDF_SIDE = 1800;
const UPLOAD_TRIES = 12;
const UPLOAD_WAIT_MS = 6000;
/** An inserted picture takes at most this share of the page's width and height, so that people can write beside it. */
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

/**
 * Uploads pictures and puts them on the page as shapes, or behind the shapes as the page's background. The first 20 pages of a
 * PDF become pages of the board. If a file fails, a toast says so, and the other files are inserted. Only the first
 * ten files are inserted.
 */
export async function insertFiles(given: Insert): Promise<void> {
  const { board, link, pictures, page, files, as } = given;
  let placed = 0;
  for (const file of files.slice(0, AT_ONCE)) {
    try {
      if (await isPdf(file)) {
        await insertPdf(given, file);
        continue;
      }
      const uploaded = await pictures.upload(link.session, file, "board");
      if (as === "background") board.setBackground(uploaded.picture, page);
      else {
        board.beginStep();
        board.add([placement(uploaded, page, placed++ * SHIFT)]);
      }
    } catch (error) {
      toast(error instanceof PictureError ? pictureProblem(error) : t("board.pdf.failed"), "error");
    }
  }
}

const isPdf = async (file: Blob): Promise<boolean> => (await file.slice(0, 5).text()) === "%PDF-";

/** Draws each page of a PDF once, here in the browser, and uploads it as the background of a new page. */
async function insertPdf({ board, link, pictures, onPage }: Insert, file: File): Promise<void> {
  const { eachPage } = await import("../files/pdf-page");
  toast(t("board.pdf.begins"));
  const pages = await eachPage(file, PDF_PAGES_MOST, PDF_SIDE, async (picture, n) => {
    const uploaded = await patiently(() => pictures.upload(link.session, picture, "board"));
    const id = board.addPage(uploaded.picture);
    if (id === null) throw new PictureError("session_full", "");
    if (n === 1) onPage(id);
  });
  const more = pages > PDF_PAGES_MOST;
  toast(t(more ? "board.pdf.more" : "board.pdf.done", { n: Math.min(pages, PDF_PAGES_MOST), all: pages }));
}

/** Uploads a picture. Tries again, a limited number of times, if the server refuses only because too many pictures are
 *  being sent at the moment. */
async function patiently<T>(upload: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await upload();
    } catch (error) {
      const waits = error instanceof PictureError && (error.reason === "too_many_pictures" || error.reason === "pictures");
      if (!waits || tries >= UPLOAD_TRIES) throw error;
      await new Promise((done) => setTimeout(done, UPLOAD_WAIT_MS));
    }
  }
}

/** Returns the shape that shows a picture in the middle of a page, moved by `shift`. */
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
