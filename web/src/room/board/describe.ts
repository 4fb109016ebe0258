/** Describes the shapes of the board in words, for the list of shapes and for screen readers. Pure. */

import { boxOf, ends, middle } from "./geometry";
import { BOARD_HEIGHT, BOARD_WIDTH } from "./schema";
import { isMarker, type Shape } from "./shape";
import type { Point } from "./strokes";
import { t } from "./words";

const PLACES = ["nw", "n", "ne", "w", "c", "e", "sw", "s", "se"] as const;
const WORDS_MOST = 60;
/** If an end of a line or arrow is at most this far from a text (in units of the page), its description quotes the text. If not,
 *  the description says where on the page the end is. */
const NEAR = 60;

const third = (value: number, size: number): number => Math.min(2, Math.max(0, Math.floor((value * 3) / size)));

/** Returns in words where a point is on the page, such as "top left" or "middle". */
export const placeOf = ([x, y]: Point): string => t(`board.at.${PLACES[third(y, BOARD_HEIGHT) * 3 + third(x, BOARD_WIDTH)]!}`);

/** Returns what a shape is and where: "Arrow from top left to “lens cap”, by Jimin". `texts`: the texts of the same page. */
export function describe(shape: Shape, texts: readonly Shape[], by: string): string {
  return t("board.by", { what: whatIs(shape, texts), who: by });
}

function whatIs(shape: Shape, texts: readonly Shape[]): string {
  if (shape.kind === "line" || shape.kind === "arrow") {
    const [from, to] = ends(shape).map((end) => labelAt(end, texts)) as [string, string];
    return t(`board.is.${shape.kind}`, { from, to });
  }
  const at = placeOf(middle(boxOf(shape)));
  if (shape.kind === "text") return t("board.is.text", { text: short(shape.text), at });
  return t(`board.is.${isMarker(shape) ? "marker" : shape.kind}`, { at });
}

function labelAt(point: Point, texts: readonly Shape[]): string {
  const near = texts.find((one) => {
    const box = boxOf(one);
    const dx = Math.max(box.left - point[0], 0, point[0] - box.right);
    const dy = Math.max(box.top - point[1], 0, point[1] - box.bottom);
    return one.kind === "text" && Math.hypot(dx, dy) <= NEAR;
  });
  return near ? t("board.quoted", { text: short(near.text) }) : placeOf(point);
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > WORDS_MOST ? `${line.slice(0, WORDS_MOST)}…` : line;
}
