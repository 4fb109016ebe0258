import { Eraser, Pen as PenIcon, Redo2, RotateCw, Undo2 } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { IconButton } from "../../ui/button";
import { useLocale, useStore } from "../../ui/store";
import { usePicture } from "../line-picture";
import { pinch } from "../pinch";
import type { Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { Backgrounds } from "./backgrounds";
import type { BoardDoc } from "./board-doc";
import { BoardCanvas, type Tool } from "./canvas";
import { boardOf } from "./open";
import { drawnAt } from "./schema";
import { t } from "./words";
import "./board.css";

export interface BoardProps {
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  /** The product's picture id, offered first as background. */
  product?: string;
  /** Show only what was drawn until this time (ms since 1970). */
  until?: number;
  /** Called with the start times of the visible strokes. */
  onStrokes?: (times: number[]) => void;
}

const COLOURS = [
  ["ink", "#14171c"],
  ["red", "#d92d20"],
  ["blue", "#1d5bc9"],
  ["green", "#16764a"],
  ["orange", "#d96a00"],
  ["purple", "#7a3fc4"],
] as const;
const WIDTHS = [
  ["thin", 3],
  ["medium", 6],
  ["thick", 14],
] as const;
const ERASER_RADIUS = 12;

interface Pen {
  colour: string;
  width: number;
}

/** The board: paper, strokes, and the tools for people who may draw. */
export function Board({ link, session, pictures, product = session.product_picture, until = Infinity, onStrokes }: BoardProps) {
  useLocale();
  const board = boardOf(link);
  const [eraser, setEraser] = useState(false);
  const [pen, setPen] = useState<Pen>({ colour: COLOURS[1][1], width: WIDTHS[1][1] });
  const [turned, setTurned] = useState(false);
  const mayWrite = session.room?.board === "write";
  const connected = useStore(link.board.generation) > 0;
  const tool: Tool = !mayWrite
    ? { kind: "none" }
    : eraser
      ? { kind: "eraser", radius: ERASER_RADIUS }
      : { kind: "pen", style: pen };
  useStrokes(board, onStrokes);
  return (
    <div class="board" onKeyDown={(event) => shortcut(event, board, mayWrite)}>
      {mayWrite ? (
        <Tools board={board} pen={pen} onPen={(next) => (setPen(next), setEraser(false))} eraser={eraser} onEraser={setEraser}>
          <Backgrounds board={board} link={link} pictures={pictures} product={product} />
          <IconButton
            icon={RotateCw}
            kind="quiet"
            class="board-turn"
            label={t("board.turn")}
            pressed={turned}
            onClick={() => setTurned(!turned)}
            data-testid="board-turn"
          />
        </Tools>
      ) : (
        <p class="board-note">{t("board.readOnly")}</p>
      )}
      {!connected && <p class="board-note board-offline">{t("board.offline")}</p>}
      <Paper board={board} tool={tool} pictures={pictures} until={until} turned={turned} />
    </div>
  );
}

function shortcut(event: KeyboardEvent, board: BoardDoc, mayWrite: boolean): void {
  const key = event.key.toLowerCase();
  if (!mayWrite || !(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) board.redo();
  else board.undo();
}

interface ToolsProps {
  board: BoardDoc;
  pen: Pen;
  onPen: (pen: Pen) => void;
  eraser: boolean;
  onEraser: (on: boolean) => void;
  children: ComponentChildren;
}

function Tools({ board, pen, onPen, eraser, onEraser, children }: ToolsProps) {
  const [can, setCan] = useState({ undo: false, redo: false });
  useEffect(
    () =>
      board.listen({
        onGrown: () => undefined,
        onChanged: () => undefined,
        onBackground: () => undefined,
        onUndoable: (undo, redo) => setCan({ undo, redo }),
      }),
    [board],
  );
  return (
    <div class="board-tools" role="toolbar" aria-label={t("board.tools")}>
      <div class="board-group">
        <IconButton
          icon={PenIcon}
          kind="quiet"
          label={t("board.pen")}
          pressed={!eraser}
          onClick={() => onEraser(false)}
          data-testid="board-pen"
        />
        <IconButton
          icon={Eraser}
          kind="quiet"
          label={t("board.eraser")}
          pressed={eraser}
          onClick={() => onEraser(true)}
          data-testid="board-eraser"
        />
      </div>
      <div class="board-group" role="group" aria-label={t("board.colour")}>
        {COLOURS.map(([name, colour]) => (
          <button
            key={name}
            type="button"
            class="swatch"
            aria-label={t(`colour.${name}`)}
            title={t(`colour.${name}`)}
            aria-pressed={pen.colour === colour}
            onClick={() => onPen({ ...pen, colour })}
            data-testid={`board-colour-${name}`}
          >
            <span style={{ backgroundColor: colour }} />
          </button>
        ))}
      </div>
      <div class="board-group" role="group" aria-label={t("board.width")}>
        {WIDTHS.map(([name, width]) => (
          <button
            key={name}
            type="button"
            class="swatch"
            aria-label={t(`board.width.${name}`)}
            title={t(`board.width.${name}`)}
            aria-pressed={pen.width === width}
            onClick={() => onPen({ ...pen, width })}
            data-testid={`board-width-${name}`}
          >
            <span class={`swatch-width swatch-${name}`} />
          </button>
        ))}
      </div>
      <div class="board-group">
        <IconButton
          icon={Undo2}
          kind="quiet"
          label={t("board.undo")}
          disabled={!can.undo}
          onClick={() => board.undo()}
          data-testid="board-undo"
        />
        <IconButton
          icon={Redo2}
          kind="quiet"
          label={t("board.redo")}
          disabled={!can.redo}
          onClick={() => board.redo()}
          data-testid="board-redo"
        />
        {children}
      </div>
    </div>
  );
}

/** Reports the strokes' start times whenever strokes come or go. */
function useStrokes(board: BoardDoc, onStrokes: BoardProps["onStrokes"]): void {
  useEffect(() => {
    if (!onStrokes) return;
    const tell = () => onStrokes(board.shapes().map((shape) => drawnAt(shape.index)));
    return board.listen({ onGrown: tell, onChanged: tell, onBackground: () => undefined, onUndoable: () => undefined });
  }, [board, onStrokes]);
}

interface PaperProps {
  board: BoardDoc;
  tool: Tool;
  pictures: BoardProps["pictures"];
  until: number;
  /** Whether the paper is turned by a quarter, to lie along the long side of a phone held upright. */
  turned: boolean;
}

function Paper({ board, tool, pictures, until, turned }: PaperProps) {
  const resting = useRef<HTMLCanvasElement>(null);
  const live = useRef<HTMLCanvasElement>(null);
  const canvas = useRef<BoardCanvas | null>(null);
  const [background, setBackground] = useState(board.background);
  const space = useRef<HTMLDivElement>(null);
  const zoom = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!resting.current || !live.current || !space.current || !zoom.current) return;
    const made = new BoardCanvas(resting.current, live.current, board);
    canvas.current = made;
    const endPinch = pinch(space.current, zoom.current, {
      onBegin: () => made.abandon(),
      onZoom: (scale) => made.sharpen(scale),
    });
    const end = board.listen({
      onGrown: () => undefined,
      onChanged: () => undefined,
      onBackground: setBackground,
      onUndoable: () => undefined,
    });
    return () => {
      end();
      endPinch();
      made.close();
    };
  }, [board]);
  useEffect(() => {
    canvas.current?.use(tool);
    canvas.current?.showUntil(until);
    canvas.current?.turn(turned);
  });
  const picture = usePicture(pictures, background);
  return (
    <div class={turned ? "board-space board-turned" : "board-space"} ref={space}>
      <div class="board-zoom" ref={zoom}>
        <div class={`board-paper board-tool-${tool.kind}`}>
          {background && picture && <img class="board-background" src={picture} alt="" data-testid="board-background" />}
          <canvas ref={resting} class="board-canvas" aria-hidden="true" data-testid="board-resting" />
          <canvas
            ref={live}
            class="board-canvas"
            tabIndex={0}
            role="img"
            aria-label={t("board.canvas")}
            data-testid="board-canvas"
          />
        </div>
      </div>
    </div>
  );
}
