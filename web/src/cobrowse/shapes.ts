/** Lists the attributes that shape the page and contain no words. */

const SHAPE = new Set(
  (
    "class id dir lang hidden role type rel media width height align valign bgcolor color border cellpadding cellspacing colspan " +
    "rowspan span start reversed size rows cols wrap multiple disabled readonly required open popover face nowrap slot part inert " +
    "aria-hidden aria-expanded aria-current aria-disabled aria-orientation"
  ).split(" "),
);

export const isShape = (name: string): boolean => SHAPE.has(name);
