import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sentence } from "../staff/refusals";
import { Button } from "../ui";
import { t } from "./texts";

type Loading<T> = { state: "loading" } | { state: "error"; words: string } | { state: "here"; value: T };

interface LoadedProps<T> {
  /** A text that identifies the content. When this text changes, the content is loaded again. */
  what: string;
  load: () => Promise<T>;
  children: (value: T) => ComponentChildren;
}

/** Shows content that `load` fetches. Shows a skeleton while the content loads, and a button to retry when that fails. */
export function Loaded<T>({ what, load, children }: LoadedProps<T>) {
  const [loading, setLoading] = useState<Loading<T>>({ state: "loading" });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let wanted = true;
    load().then(
      (value) => wanted && setLoading({ state: "here", value }),
      (error: unknown) => wanted && setLoading({ state: "error", words: sentence(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [what, tries]);
  if (loading.state === "here") return <>{children(loading.value)}</>;
  if (loading.state === "loading") return <div class="skeleton loading" role="status" aria-label={t("past.loading")} />;
  return (
    <div class="notice notice-danger" role="alert">
      <span>
        {t("error.load")} {loading.words}
      </span>
      <Button
        onClick={() => {
          setLoading({ state: "loading" });
          setTries(tries + 1);
        }}
      >
        {t("error.again")}
      </Button>
    </div>
  );
}

/** Buttons to the previous and next page of a list, with the number of the present page. */
export function Pager({ page, pages, onPage }: { page: number; pages: number; onPage: (page: number) => void }) {
  if (pages < 2) return null;
  return (
    <nav class="row row-centre">
      <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>
        {t("past.previous")}
      </Button>
      <span class="num">{t("past.page", { page, pages })}</span>
      <Button disabled={page >= pages} onClick={() => onPage(page + 1)}>
        {t("past.next")}
      </Button>
    </nav>
  );
}
