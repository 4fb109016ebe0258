import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Field, useLocale } from "../../ui";
import { Loaded, Pager } from "../loaded";
import { pages, type Page } from "../records";
import { t } from "./texts";

const TYPING_MS = 250;

interface FoundProps<Row> {
  /** A name that no other list has, so that the rows of one list are not taken for those of another. */
  what: string;
  load: (q: string, page: number) => Promise<Page<Row>>;
  /** What the list shows if it has no rows and nothing is searched for. */
  empty?: ComponentChildren;
  children: (row: Row) => ComponentChildren;
}

/** A list of rows that the operator can search and page through. */
export function Found<Row extends { id: string }>({ what, load, empty, children }: FoundProps<Row>) {
  const locale = useLocale();
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState({ q: "", page: 1 });
  useEffect(() => {
    const timer = setTimeout(() => setAsked((was) => (was.q === typed ? was : { q: typed, page: 1 })), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <div class="stack">
      <Field
        label={t("search")}
        type="search"
        value={typed}
        data-testid={`${what}-search`}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <Loaded key={`${what} ${asked.q} ${asked.page} ${locale}`} what={what} load={() => load(asked.q, asked.page)}>
        {(found) => (
          <>
            {found.items.length === 0 && <p class="notice">{(asked.q === "" && empty) || t("search.none")}</p>}
            <ul class="settings-list" data-testid={`${what}-list`}>
              {found.items.map((row) => (
                <li key={row.id}>{children(row)}</li>
              ))}
            </ul>
            <Pager page={found.page} pages={pages(found)} onPage={(page) => setAsked({ ...asked, page })} />
          </>
        )}
      </Loaded>
    </div>
  );
}
