import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { BoardDoc } from "./board-doc";
import { BoardCanvas } from "./canvas";
import { Images, type PictureUrl } from "./images";
import { BOARD_HEIGHT, BOARD_WIDTH } from "./schema";
import { t } from "./words";

export interface Opened {
  canvas: BoardCanvas;
  live: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  space: HTMLElement;
  images: Images;
}

interface BoardViewProps {
  board: BoardDoc;
  pictureUrl: PictureUrl;
  page: string;
  until?: number;
  turned?: boolean;
  class?: string;
  /** Called when the board's canvas has been created. The board calls the returned function when it removes the canvas. */
  onOpen?: (opened: Opened) => () => void;
  children?: ComponentChildren;
}

/** Shows a page of a board: paper, background and shapes. Has no tools. */
export function BoardView({
  board,
  pictureUrl,
  page,
  until = Infinity,
  turned = false,
  class: className = "",
  onOpen,
  children,
}: BoardViewProps) {
  const space = useRef<HTMLDivElement>(null);
  const paper = useRef<HTMLDivElement>(null);
  const resting = useRef<HTMLCanvasElement>(null);
  const live = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [canvas, setCanvas] = useState<BoardCanvas | null>(null);
  useEffect(() => {
    const [s, p, r, l, o] = [space.current!, paper.current!, resting.current!, live.current!, overlay.current!];
    let made: BoardCanvas | null = null;
    const images = new Images(pictureUrl, () => made?.repaint());
    made = new BoardCanvas({ space: s, paper: p, resting: r, live: l }, board, images);
    setCanvas(made);
    const end = onOpen?.({ canvas: made, live: l, overlay: o, space: s, images });
    return () => {
      end?.();
      made.close();
    };
  }, [board]);
  useEffect(() => {
    canvas?.showPage(page);
    canvas?.showUntil(until);
    canvas?.turn(turned);
  });
  const background = useBackground(board, page, pictureUrl);
  return (
    <div class={`board-space ${className}`} ref={space}>
      <div
        class="board-paper"
        ref={paper}
        style={{ width: `${BOARD_WIDTH}px`, height: `${BOARD_HEIGHT}px` }}
        data-testid="board-paper"
      >
        {background && <img class="board-background" src={background} alt="" data-testid="board-background" />}
      </div>
      <canvas ref={resting} class="board-canvas" aria-hidden="true" data-testid="board-resting" />
      <canvas
        ref={live}
        class="board-canvas board-live"
        tabIndex={0}
        role="img"
        aria-label={t("board.canvas")}
        data-testid="board-canvas"
      />
      <canvas ref={overlay} class="board-canvas board-overlay" aria-hidden="true" />
      {children}
    </div>
  );
}

/** Returns the address of a page's background picture; "" while there is none to show. */
function useBackground(board: BoardDoc, page: string, pictureUrl: PictureUrl): string {
  const pages = usePages(board);
  const picture = pages.find(({ id }) => id === page)?.background ?? "";
  const [url, setUrl] = useState("");
  useEffect(() => {
    let wanted = true;
    setUrl("");
    if (picture === "") return;
    pictureUrl(picture).then(
      (found) => wanted && setUrl(found),
      () => undefined, // without its background picture, the page still shows the shapes
    );
    return () => {
      wanted = false;
    };
  }, [picture]);
  return url;
}

/** Returns the board's pages, and renders again when they change. */
export function usePages(board: BoardDoc) {
  const [pages, setPages] = useState(() => board.pages());
  useEffect(() => board.listen({ onPages: () => setPages(board.pages()) }), [board]);
  return pages;
}
