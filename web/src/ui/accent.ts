/** A partner's accent colour. As the colour of text on the pages' own backgrounds, the colour is adjusted until the text is
 *  legible. Filled areas keep the exact colour, with white or black text on it (tokens.css). */

type Rgb = [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
// On a page with the light theme, text is hardest to read on this background (--surface-2), because the contrast is lowest there.
// The next line has the corresponding background of the dark theme.
const LIGHT_GROUND: Rgb = [236, 239, 244];
const DARK_GROUND: Rgb = [35, 41, 49];
const ENOUGH = 4.5; // a text has at least this contrast ratio (WCAG 2.2, 1.4.3)

export function parseHex(text: string): Rgb | null {
  const digits = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) return null;
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16)) as Rgb;
}

const toHex = (colour: Rgb) => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Returns the WCAG contrast ratio of two colours, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function moveUntilLegible(colour: Rgb, towards: Rgb, against: Rgb): Rgb {
  for (let step = 0; step <= 20; step++) {
    const mixed = colour.map((part, i) => Math.round(part + ((towards[i] ?? 0) - part) * (step / 20))) as Rgb;
    if (contrast(mixed, against) >= ENOUGH) return mixed;
  }
  return towards;
}

/** Returns the accent colour, made dark enough for a light page and light enough for a dark page. `ink`: the colour of text on an
 *  area that the accent colour fills; white if that is legible, else black. Null when `hex` is not #rrggbb. */
export function legibleAccents(hex: string): { light: string; dark: string; ink: string } | null {
  const colour = parseHex(hex);
  if (!colour) return null;
  return {
    light: toHex(moveUntilLegible(colour, BLACK, LIGHT_GROUND)),
    dark: toHex(moveUntilLegible(colour, WHITE, DARK_GROUND)),
    ink: toHex(contrast(WHITE, colour) >= ENOUGH ? WHITE : BLACK),
  };
}

/** Sets the partner's accent colour on the page, or the service's own colour if the partner has none. */
export function applyAccent(hex: string): void {
  const accents = legibleAccents(hex);
  const { style } = document.documentElement;
  const colours = { "accent-light": accents?.light, "accent-dark": accents?.dark, brand: accents && hex, ink: accents?.ink };
  for (const [name, colour] of Object.entries(colours)) style.setProperty(`--site-${name}`, colour ?? "");
}
