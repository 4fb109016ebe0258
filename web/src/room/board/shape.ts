/** A shape of the board, ready to be painted. A shape is made from an element of the document, all of whose fields were
 *  checked. */

import type { Point } from "./strokes";

export const KINDS = ["freedraw", "line", "arrow", "rectangle", "ellipse", "text", "image"] as const;
export type Kind = (typeof KINDS)[number];

export interface Style {
  /** The colour of the shape's lines, as #rrggbb. */
  colour: string;
  /** Width of the shape's lines, in units of the page. */
  stroke: number;
  /** Opacity of the shape, 0 to 100. A marker draws a wide stroke with low opacity. */
  opacity: number;
}

export interface Shape extends Style {
  id: string;
  kind: Kind;
  /** Id of the page on which the shape is; "" for the board's first page. */
  page: string;
  /** Where the shape is on the page: the first point of a stroke, the start of a line, otherwise the upper left corner. */
  x: number;
  y: number;
  /** Width and height. For a line or arrow, width and height are the distances from its start to its end, and can be negative.
   *  Strokes do not use them. */
  width: number;
  height: number;
  /** How far the shape is turned around its middle, clockwise, in radians. */
  angle: number;
  /** The factors by which the points of a stroke are stretched. */
  scaleX: number;
  scaleY: number;
  author: string;
  index: string;
  deleted: boolean;
  /** A locked shape cannot be selected on the page, moved or erased. */
  locked: boolean;
  /** The points of a stroke, measured from the first point. The number of points grows while somebody draws the stroke. */
  points: Point[];
  /** The box around the `points` of a stroke. */
  extent: Box;
  text: string;
  fontSize: number;
  /** Id of the picture that a shape of the kind "image" shows. */
  picture: string;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The fields of a shape that people can change after it was drawn. */
export type Changes = Partial<
  Pick<
    Shape,
    | "x"
    | "y"
    | "width"
    | "height"
    | "angle"
    | "scaleX"
    | "scaleY"
    | "colour"
    | "stroke"
    | "locked"
    | "text"
    | "fontSize"
    | "deleted"
    | "page"
  >
>;

export const PEN: Pick<Style, "opacity"> = { opacity: 100 };
export const MARKER_OPACITY = 35;
export const isMarker = (shape: Pick<Shape, "kind" | "opacity">): boolean => shape.kind === "freedraw" && shape.opacity < 60;
