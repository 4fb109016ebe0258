/** Saves the board as a file. The page loads this code when somebody first saves a board. */

import { saveAs } from "../../../ui/save-as";
import type { BoardDoc } from "../board-doc";
import { Images, type PictureUrl } from "../images";
import { linesOf, paintShape } from "../paint";
import { BOARD_HEIGHT, BOARD_WIDTH } from "../schema";
import { boardAsExcalidraw, type ExportedPicture } from "./excalidraw";
import { picturesAsPdf, type PicturePage } from "./pdf-file";
import { pageAsSvg } from "./svg";

export type Format = "png" | "svg" | "pdf" | "excalidraw";

const SCALE = 2;
const QUALITY = 0.9;

interface Exported {
  board: BoardDoc;
  /** The page to save as PNG or SVG. Every other format contains all pages. */
  page: string;
  pictureUrl: PictureUrl;
  pictureBlob: (id: string) => Promise<Blob>;
  /** The name of the file to save, without an ending such as ".png". */
  name: string;
  nameOfPage: (number: number) => string;
}

/**
 * Makes the browser save the board as a file. Rejects if the browser cannot make the file, or cannot fetch the data of a picture
 * that it has shown.
 */
export async function saveBoard(
  format: Format,
  { board, page, pictureUrl, pictureBlob, name, nameOfPage }: Exported,
): Promise<void> {
  const pages = board.pages();
  if (format === "png") {
    saveAs(await blobOf(await painted(board, page, pictureUrl), "image/png"), `${name}.png`);
  } else if (format === "svg") {
    const pictures = await picturesOf(board, [page], pictureUrl, pictureBlob);
    const addresses = new Map([...pictures].map(([id, { dataUrl }]) => [id, dataUrl]));
    const svg = pageAsSvg(board.seen(page), board.page(page)?.background ?? "", addresses, linesOf);
    saveAs(new Blob([svg], { type: "image/svg+xml" }), `${name}.svg`);
  } else if (format === "pdf") {
    const made: PicturePage[] = [];
    for (const { id } of pages) {
      const canvas = await painted(board, id, pictureUrl);
      const jpeg = new Uint8Array(await (await blobOf(canvas, "image/jpeg")).arrayBuffer());
      made.push({ jpeg, width: canvas.width, height: canvas.height });
    }
    saveAs(new Blob([picturesAsPdf(made)], { type: "application/pdf" }), `${name}.pdf`);
  } else {
    const ids = pages.map(({ id }) => id);
    const pictures = await picturesOf(board, ids, pictureUrl, pictureBlob);
    const exported = pages.map(({ id, background }, i) => ({ name: nameOfPage(i + 1), background, shapes: board.seen(id) }));
    const text = boardAsExcalidraw(exported, pictures, Date.now());
    saveAs(new Blob([text], { type: "application/vnd.excalidraw+json" }), `${name}.excalidraw`);
  }
}

/** Paints a page of the board, with its background, on a canvas of twice the page's size. */
async function painted(board: BoardDoc, page: string, pictureUrl: PictureUrl): Promise<HTMLCanvasElement> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [BOARD_WIDTH * SCALE, BOARD_HEIGHT * SCALE];
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  const images = new Images(pictureUrl, () => undefined);
  context.scale(SCALE, SCALE);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, BOARD_WIDTH, BOARD_HEIGHT);
  const shapes = board.seen(page);
  const background = board.page(page)?.background ?? "";
  const behind = background ? await images.ready(background) : null;
  if (behind) {
    const scale = Math.min(BOARD_WIDTH / behind.naturalWidth, BOARD_HEIGHT / behind.naturalHeight);
    const [w, h] = [behind.naturalWidth * scale, behind.naturalHeight * scale];
    context.drawImage(behind, (BOARD_WIDTH - w) / 2, (BOARD_HEIGHT - h) / 2, w, h);
  }
  for (const { picture } of shapes) if (picture) await images.ready(picture);
  for (const shape of shapes) paintShape(context, shape, images.of);
  return canvas;
}

function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), type, QUALITY),
  );
}

/** Returns the pictures on some pages as data: addresses. Leaves out pictures that the browser cannot show. */
async function picturesOf(
  board: BoardDoc,
  pages: string[],
  pictureUrl: PictureUrl,
  pictureBlob: (id: string) => Promise<Blob>,
): Promise<Map<string, ExportedPicture>> {
  const ids = new Set(pages.flatMap((id) => [board.page(id)?.background ?? "", ...board.seen(id).map(({ picture }) => picture)]));
  ids.delete("");
  const images = new Images(pictureUrl, () => undefined);
  const found = new Map<string, ExportedPicture>();
  for (const id of ids) {
    const image = await images.ready(id);
    if (!image) continue;
    const blob = await pictureBlob(id);
    found.set(id, { dataUrl: await dataUrlOf(blob), mime: blob.type, width: image.naturalWidth, height: image.naturalHeight });
  }
  return found;
}

function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result as string));
    reader.addEventListener("error", () => failed(new Error("no picture")));
    reader.readAsDataURL(blob);
  });
}
