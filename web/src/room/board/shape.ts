/** A shape of the board, ready to draw: an element of the document after every check. */

import type { Point } from "./strokes";

export const KINDS = ["freedraw", "line", "arrow", "rectangle", "ellipse", "text", "image"] as const;
export type Kind = (typeof KINDS)[number];

export interface Style {
  /** #rrggbb */
  colour: string;
  /** Width of the line, in units of the page. */
  stroke: number;
  /** 0 to 100. A marker is a wide pen with little opacity. */
  opacity: number;
}

export interface Shape extends Style {
  id: string;
  kind: Kind;
  /** Id of the page; "" is the first page. */
  page: string;
  /** Place on the page: of a stroke its first point, of a line its start, otherwise the upper left corner. */
  x: number;
  y: number;
  /** Extent. Of a line or arrow it leads from start to end, so it may be negative. Strokes do not use it. */
  width: number;
  height: number;
  /** Turned clockwise around the middle, in radians. */
  angle: number;
  /** Of a stroke: how much its points are stretched. */
  scaleX: number;
  scaleY: number;
  author: string;
  index: string;
  deleted: boolean;
  /** A locked shape cannot be selected on the page, moved or erased. */
  locked: boolean;
  /** Of a stroke: its points, measured from the first one. Grows while somebody draws. */
  points: Point[];
  /** Of a stroke: the box around `points`. */
  extent: Box;
  text: string;
  fontSize: number;
  /** Id of the picture that an image shows. */
  picture: string;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The fields that people change after drawing. */
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
