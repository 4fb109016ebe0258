import { describe, expect, it } from "vitest";
import { csv, csvCell, filtered, nextOrder, sorted, type Column } from "./table";

interface Row {
  name: string;
  waited: number | null;
}
const columns: (Column<Row> & { title: string })[] = [
  { id: "name", title: "Name", value: (row) => row.name },
  { id: "waited", title: "Waited", value: (row) => row.waited, text: (row) => (row.waited === null ? "" : `${row.waited} s`) },
];
const rows: Row[] = [
  { name: "Suho 10", waited: 5 },
  { name: "Jimin", waited: null },
  { name: "Suho 9", waited: 12 },
];
const names = (list: Row[]) => list.map((row) => row.name);

describe("a table", () => {
  it("sorts texts as people do and numbers by size, nothing last both ways", () => {
    expect(names(sorted(rows, columns, { column: "name", descending: false }, "en"))).toEqual(["Jimin", "Suho 9", "Suho 10"]);
    expect(names(sorted(rows, columns, { column: "waited", descending: false }, "en"))).toEqual(["Suho 10", "Suho 9", "Jimin"]);
    expect(names(sorted(rows, columns, { column: "waited", descending: true }, "en"))).toEqual(["Suho 9", "Suho 10", "Jimin"]);
  });
  it("keeps the order it came in, and never changes the rows given", () => {
    expect(sorted(rows, columns, null, "en")).toBe(rows);
    expect(names(rows)[0]).toBe("Suho 10");
  });
  it("filters by every word, in what is shown", () => {
    expect(names(filtered(rows, columns, " suho 12 s"))).toEqual(["Suho 9"]);
    expect(filtered(rows, columns, "  ")).toBe(rows);
    expect(filtered(rows, columns, "nobody")).toEqual([]);
  });
  it("turns its order with each press", () => {
    const up = nextOrder(null, "name");
    const down = nextOrder(up, "name");
    expect([up, down, nextOrder(down, "name")]).toEqual([
      { column: "name", descending: false },
      { column: "name", descending: true },
      null,
    ]);
    expect(nextOrder(up, "waited")).toEqual({ column: "waited", descending: false });
  });
});

describe("CSV", () => {
  it("quotes commas, quotes and line ends", () => {
    expect(csvCell('say "hi", now')).toBe('"say ""hi"", now"');
    expect(csvCell("two\nlines")).toBe('"two\nlines"');
  });
  it("disarms formulas, but not numbers", () => {
    expect(csvCell("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
    expect(csvCell(-5)).toBe("-5");
  });
  it("is complete and readable by spreadsheets", () => {
    expect(csv(rows.slice(0, 2), columns)).toBe("\u{feff}Name,Waited\r\nSuho 10,5 s\r\nJimin,\r\n");
  });
});
