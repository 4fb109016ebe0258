/** A page of the board as SVG. Pure: pictures come as data: addresses. A picture is in the file only once, even if many shapes
 *  show it. */

import { boxOf, middle } from "../geometry";
import { FONT, pathData } from "../paint";
import { BOARD_HEIGHT, BOARD_WIDTH } from "../schema";
import type { Shape } from "../shape";
import { LINE_HEIGHT } from "../text-layout";

type LinesOf = (shape: Shape) => string[];

/** Returns a page as SVG. `pictures`: id → data: address. `linesOf`: returns the lines into which a text wraps. */
export function pageAsSvg(
  shapes: readonly Shape[],
  background: string,
  pictures: ReadonlyMap<string, string>,
  linesOf: LinesOf,
): string {
  const size = `width="${BOARD_WIDTH}" height="${BOARD_HEIGHT}"`;
  const behind = pictures.get(background);
  const shown = [...new Set(shapes.map(({ picture }) => picture))].filter((id) => pictures.has(id));
  const names = new Map(shown.map((id, n) => [id, `picture-${n}`]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${BOARD_WIDTH} ${BOARD_HEIGHT}">`,
    `<clipPath id="page"><rect ${size}/></clipPath>`,
    ...shown.map((id) => symbol(names.get(id)!, pictures.get(id)!)),
    `<rect ${size} fill="#fff"/>`,
    behind ? `<image ${size} preserveAspectRatio="xMidYMid meet" href="${escaped(behind)}"/>` : "",
    `<g clip-path="url(#page)" stroke-linecap="round" stroke-linejoin="round">`,
    ...shapes.map((shape) => shapeAsSvg(shape, names.get(shape.picture), linesOf)),
    "</g>",
    "</svg>",
  ]
    .filter(Boolean)
    .join("\n");
}

const symbol = (name: string, address: string) =>
  `<symbol id="${name}" viewBox="0 0 1 1" preserveAspectRatio="none">` +
  `<image width="1" height="1" preserveAspectRatio="none" href="${escaped(address)}"/></symbol>`;

function shapeAsSvg(shape: Shape, picture: string | undefined, linesOf: LinesOf): string {
  const turn =
    shape.angle === 0
      ? ""
      : ` transform="rotate(${number((shape.angle * 180) / Math.PI)} ${middle(boxOf(shape)).map(number).join(" ")})"`;
  const inner = shape.kind === "text" ? textAsSvg(shape, linesOf(shape)) : SHAPES[shape.kind](shape, picture);
  return inner && `<g${turn} opacity="${number(shape.opacity / 100)}">${inner}</g>`;
}

const line = (shape: Shape) =>
  `<path d="${pathData(shape)}" fill="none" stroke="${shape.colour}" stroke-width="${number(shape.stroke)}"/>`;

const SHAPES: Record<Exclude<Shape["kind"], "text">, (shape: Shape, picture: string | undefined) => string> = {
  line,
  arrow: line,
  rectangle: line,
  ellipse: line,
  freedraw: (shape) => {
    const place = `translate(${number(shape.x)} ${number(shape.y)}) scale(${number(shape.scaleX)} ${number(shape.scaleY)})`;
    return `<path transform="${place}" d="${pathData(shape)}" fill="${shape.colour}"/>`;
  },
  image: (shape, picture) => {
    const [x, y, width, height] = [shape.x, shape.y, shape.width, shape.height].map(number);
    return picture ? `<use x="${x}" y="${y}" width="${width}" height="${height}" href="#${picture}"/>` : "";
  },
};

function textAsSvg(shape: Shape, lines: string[]): string {
  const step = shape.fontSize * LINE_HEIGHT;
  const at = (i: number) => `x="${number(shape.x)}" y="${number(shape.y + step * (i + 0.5))}"`;
  const rows = lines.map((row, i) => `<tspan ${at(i)}>${escaped(row)}</tspan>`);
  const font = `font-family="${escaped(FONT)}" font-size="${number(shape.fontSize)}"`;
  return `<text xml:space="preserve" ${font} fill="${shape.colour}" dominant-baseline="central">${rows.join("")}</text>`;
}

const number = (value: number): string => String(Math.round(value * 1000) / 1000);

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => ENTITIES[one] ?? one);
