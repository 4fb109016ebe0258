/** Rules for sorting, filtering and exporting a table. Pure, without a DOM. */

export type Value = string | number | boolean | null;

export interface Column<Row> {
  id: string;
  /** Returns the value of a row's cell for sorting and export. */
  value: (row: Row) => Value;
  /** Returns the text that a cell shows and that the filter searches. Without this function, that text is the cell's value. */
  text?: (row: Row) => string;
}

export interface Order {
  column: string;
  descending: boolean;
}

export const shownText = <Row>(column: Column<Row>, row: Row): string => column.text?.(row) ?? asText(column.value(row));

function asText(value: Value): string {
  return value === null ? "" : String(value);
}

/** Compares numbers by size, and texts in the order of the language, with "10" after "9". Empty values come last. */
export function compare(a: Value, b: Value, locale: string): number {
  if (a === b) return 0;
  if (a === null || a === "") return 1;
  if (b === null || b === "") return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), locale, { numeric: true, sensitivity: "base" });
}

export function sorted<Row>(rows: Row[], columns: Column<Row>[], order: Order | null, locale: string): Row[] {
  const column = columns.find((one) => one.id === order?.column);
  if (column === undefined || order === null) return rows;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    const empty = left === null || left === "" || right === null || right === "";
    return compare(left, right, locale) * (order.descending && !empty ? -1 : 1);
  });
}

/** Returns the rows that contain every typed word. Different words can be in different columns. */
export function filtered<Row>(rows: Row[], columns: Column<Row>[], typed: string): Row[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const all = columns.map((column) => shownText(column, row).toLowerCase());
    return words.every((word) => all.some((text) => text.includes(word)));
  });
}

/** Returns the next order after a press on a heading: ascending, descending, unsorted (null). */
export function nextOrder(order: Order | null, column: string): Order | null {
  if (order?.column !== column) return { column, descending: false };
  return order.descending ? null : { column, descending: true };
}

/** Encodes a cell of a CSV file (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvCell(value: Value): string {
  const text = asText(value);
  const harmless = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export function csv<Row>(rows: Row[], columns: (Column<Row> & { title: string })[]): string {
  const lines = [
    columns.map((one) => csvCell(one.title)),
    ...rows.map((row) => columns.map((one) => csvCell(one.text ? one.text(row) : one.value(row)))),
  ];
  return `\u{feff}${lines.map((cells) => cells.join(",")).join("\r\n")}\r\n`; // the byte-order mark makes Excel read UTF-8
}
