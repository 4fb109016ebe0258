import { ChevronLeft, ChevronRight } from "lucide";
import type { ParticipantView } from "../../messages";
import { IconButton } from "../../ui/button";
import type { Page } from "./schema";
import { t } from "./words";

interface PageBarProps {
  pages: Page[];
  page: string;
  onPage: (page: string) => void;
  zoom: number;
  onWhole: () => void;
  people: readonly Pick<ParticipantView, "id">[];
  colourOf: (id: string) => string;
  nameOf: (id: string) => string;
}

/** The board's bar. It shows the page's number with buttons to the other pages, the zoom, and the people with their colours. */
export function PageBar({ pages, page, onPage, zoom, onWhole, people, colourOf, nameOf }: PageBarProps) {
  const at = pages.findIndex(({ id }) => id === page);
  const go = (to: number) => pages[to] && onPage(pages[to].id);
  return (
    <div class="board-pages">
      {pages.length > 1 && (
        <div class="board-group" role="group" aria-label={t("board.pages")}>
          <IconButton
            icon={ChevronLeft}
            kind="quiet"
            label={t("board.page.before")}
            disabled={at <= 0}
            onClick={() => go(at - 1)}
            data-testid="board-page-before"
          />
          <span class="num board-page" role="status" data-testid="board-page">
            <span class="visually-hidden">{t("board.page.at", { n: at + 1, all: pages.length })}</span>
            <span aria-hidden="true">
              {at + 1} / {pages.length}
            </span>
          </span>
          <IconButton
            icon={ChevronRight}
            kind="quiet"
            label={t("board.page.next")}
            disabled={at >= pages.length - 1}
            onClick={() => go(at + 1)}
            data-testid="board-page-next"
          />
        </div>
      )}
      {zoom > 1.01 && (
        <button
          type="button"
          class="board-whole num"
          title={t("board.whole")}
          aria-label={t("board.whole")}
          onClick={onWhole}
          data-testid="board-whole"
        >
          {Math.round(zoom * 100)} %
        </button>
      )}
      {people.length > 1 && (
        <ul class="board-people" aria-label={t("board.people")}>
          {people.map(({ id }) => (
            <li key={id}>
              <span class="board-dot" style={{ backgroundColor: colourOf(id) }} />
              <span class="board-name">{nameOf(id)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
