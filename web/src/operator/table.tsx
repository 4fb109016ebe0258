import { ArrowDown, ArrowUp, Download } from "lucide";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button, Icon, useLocale } from "../ui";
import { csv, filtered, nextOrder, shownText, sorted, type Column, type Order } from "./logic/table";
import { t } from "./texts";

export interface TableColumn<Row> extends Column<Row> {
  title: string;
  /** Renders the cells of this column; without it, a cell shows its text. */
  cell?: (row: Row) => ComponentChildren;
  /** Whether the column holds numbers, which are aligned to the end of their cell. */
  figure?: boolean;
}

interface TableProps<Row> {
  title: string;
  name: string;
  rows: Row[];
  columns: TableColumn<Row>[];
  id: (row: Row) => string;
  /** Renders the buttons at the end of a row. */
  actions?: (row: Row) => ComponentChildren;
  order?: Order;
  "data-testid"?: string;
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${name}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function Heading<Row>({
  column,
  order,
  onOrder,
}: {
  column: TableColumn<Row>;
  order: Order | null;
  onOrder: (order: Order | null) => void;
}) {
  const mine = order?.column === column.id ? order : null;
  return (
    <th
      scope="col"
      class={column.figure ? "figure" : ""}
      aria-sort={mine === null ? "none" : mine.descending ? "descending" : "ascending"}
    >
      <button
        type="button"
        class="sort"
        title={t("table.sort", { column: column.title })}
        onClick={() => onOrder(nextOrder(order, column.id))}
      >
        {column.title}
        {mine !== null && <Icon node={mine.descending ? ArrowDown : ArrowUp} size={14} />}
      </button>
    </th>
  );
}

/** A table that people can sort by its headings and filter by typed words. People can export the table as a CSV file, which has
 *  the rows that are shown, in the order in which they are shown. */
export function Table<Row>({ title, name, rows, columns, id, actions, order: first, ...rest }: TableProps<Row>) {
  const locale = useLocale();
  const [typed, setTyped] = useState("");
  const [order, setOrder] = useState<Order | null>(first ?? null);
  const shown = sorted(filtered(rows, columns, typed), columns, order, locale);
  return (
    <section class="table-part card" data-testid={rest["data-testid"]}>
      <header class="table-head">
        <h2>
          {title} <span class="count">{rows.length}</span>
        </h2>
        {rows.length > 0 && (
          <>
            <input
              class="input table-filter"
              type="search"
              aria-label={`${t("table.filter")}: ${title}`}
              placeholder={t("table.filter")}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
            <Button
              kind="quiet"
              icon={Download}
              title={t("table.csv")}
              disabled={shown.length === 0}
              onClick={() => save(name, csv(shown, columns))}
            >
              <span class="wide-only">{t("table.csv")}</span>
            </Button>
          </>
        )}
      </header>
      {shown.length === 0 ? (
        <p class="dim table-empty">{typed.trim() === "" ? t("table.empty") : t("table.empty.filter", { words: typed.trim() })}</p>
      ) : (
        <div class="table-scroll">
          <table class={actions && "table-cards"}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <Heading key={column.id} column={column} order={order} onOrder={setOrder} />
                ))}
                {actions && (
                  <th scope="col">
                    <span class="visually-hidden">{t("col.do")}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={id(row)}>
                  {columns.map((column) => (
                    <td key={column.id} class={column.figure ? "figure num" : ""} data-title={column.title}>
                      {column.cell ? column.cell(row) : shownText(column, row)}
                    </td>
                  ))}
                  {actions && <td class="cell-actions">{actions(row)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
