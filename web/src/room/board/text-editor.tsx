import { useLayoutEffect, useRef } from "preact/hooks";
import type { BoardDoc } from "./board-doc";
import type { BoardCanvas } from "./canvas";
import { FONT, measure } from "./paint";
import { BOARD_WIDTH, TEXT_MOST } from "./schema";
import type { Shape } from "./shape";
import type { Point } from "./strokes";
import { LINE_HEIGHT, sizeOf } from "./text-layout";
import { t } from "./words";

/** The text that this person is writing. `shape`: a text that is on the board already. Without `shape`, the text is new and will
 *  be at the point `at` of the page. */
export interface Writing {
  at: Point;
  page: string;
  shape?: Shape;
}

interface TextEditorProps {
  board: BoardDoc;
  canvas: BoardCanvas;
  writing: Writing;
  colour: string;
  /** The colour that becomes this person's own colour when they draw their first shape. */
  ownColour: string;
  fontSize: number;
  onDone: (id: string) => void;
}

const LEAST_WIDTH = 160;
const EDGE = 20;

/** A field on the board's page, in which a person writes a text that looks as it will look on the board. Escape, Ctrl+Enter or
 *  a press elsewhere ends the writing. A press elsewhere also keeps a Hangul syllable that is still being composed. */
export function TextEditor({ board, canvas, writing, colour, ownColour, fontSize, onDone }: TextEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { shape } = writing;
  const size = shape?.fontSize ?? fontSize;
  const [x, y] = shape ? [shape.x, shape.y] : [writing.at[0], writing.at[1] - (size * LINE_HEIGHT) / 2];
  const width = shape?.width ?? Math.max(LEAST_WIDTH, BOARD_WIDTH - x - EDGE);
  const done = useRef(false);
  const fit = () => {
    const element = field.current;
    if (!element) return;
    element.style.height = "0";
    element.style.height = `${element.scrollHeight}px`;
  };
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.focus({ preventScroll: true });
    element.setSelectionRange(element.value.length, element.value.length);
    fit();
    if (shape) canvas.preview([{ ...shape, text: "" }]);
    const [w, h] = [(shape?.width ?? 0) / 2, (shape?.height ?? 0) / 2];
    const turn = shape?.angle ? ` translate(${w}px, ${h}px) rotate(${shape.angle}rad) translate(${-w}px, ${-h}px)` : "";
    const place = () => {
      element.style.transform = `matrix(${canvas.matrix.join(",")}) translate(${x}px, ${y}px)${turn}`;
    };
    place();
    const followed = canvas.onFrame;
    canvas.onFrame = (now) => {
      followed(now);
      place();
    };
    return () => {
      canvas.onFrame = followed;
      canvas.release();
    };
  }, []);
  const finish = () => {
    if (done.current) return;
    done.current = true;
    onDone(
      save(board, { ...writing, at: [x, y] }, field.current?.value ?? "", { colour, ownColour, fontSize: size, most: width }),
    );
  };
  return (
    <textarea
      ref={field}
      class="board-text"
      dir="auto"
      aria-label={t("board.text.label")}
      placeholder={t("board.text.hint")}
      defaultValue={shape?.text ?? ""}
      maxLength={TEXT_MOST}
      rows={1}
      style={{ width: `${width}px`, color: shape?.colour ?? colour, font: `${size}px/${LINE_HEIGHT} ${FONT}` }}
      onInput={fit}
      onBlur={finish}
      onKeyDown={(event) => {
        event.stopPropagation();
        const ends = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
        if (!ends || event.isComposing) return;
        event.preventDefault();
        finish();
      }}
      data-testid="board-text-field"
    />
  );
}

/** Writes the text to the board, as one undo step. An empty text is deleted. Returns the shape's id, or "". */
function save(
  board: BoardDoc,
  { at, page, shape }: Writing,
  value: string,
  look: { colour: string; ownColour: string; fontSize: number; most: number },
): string {
  const text = value.trimEnd();
  const size = sizeOf(text, look.most, look.fontSize, measure(look.fontSize));
  if (shape) {
    if (text === shape.text) return shape.id;
    board.beginStep();
    if (text === "") board.remove([shape.id]);
    else board.change(new Map([[shape.id, { text, height: size.height }]]));
    return text === "" ? "" : shape.id;
  }
  if (text === "") return "";
  board.beginStep();
  board.claimColour(look.ownColour);
  const [id = ""] = board.add([
    {
      kind: "text",
      page,
      x: at[0],
      y: at[1],
      ...size,
      text,
      fontSize: look.fontSize,
      colour: look.colour,
      stroke: 1,
      opacity: 100,
    },
  ]);
  return id;
}
