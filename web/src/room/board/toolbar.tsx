import { Ellipsis, Redo2, RotateCw, Undo2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { IconButton } from "../../ui/button";
import type { BoardDoc } from "./board-doc";
import { COLOURS, WIDTHS } from "./colours";
import { TOOLS, type Tool } from "./tools";
import { t } from "./words";

export interface Pen {
  colour: string;
  stroke: number;
}

interface ToolbarProps {
  board: BoardDoc;
  tool: Tool;
  onTool: (tool: Tool) => void;
  pen: Pen;
  onPen: (pen: Pen) => void;
  turned: boolean;
  onTurn: () => void;
  onMore: () => void;
}

/** The board's toolbar, for people who are allowed to draw. The tooltip of each tool names its key. */
export function Toolbar({ board, tool, onTool, pen, onPen, turned, onTurn, onMore }: ToolbarProps) {
  const [can, setCan] = useState({ undo: false, redo: false });
  const [styling, setStyling] = useState(false);
  useEffect(() => board.listen({ onUndoable: (undo, redo) => setCan({ undo, redo }) }), [board]);
  return (
    <div class="board-bar">
      {styling && <Styles pen={pen} onPen={onPen} />}
      <div class="board-tools" role="toolbar" aria-label={t("board.tools")}>
        <div class="board-group">
          {TOOLS.map(([name, key, icon]) => (
            <IconButton
              key={name}
              icon={icon}
              kind="quiet"
              label={t(`board.tool.${name}`)}
              title={t("board.withKey", { name: t(`board.tool.${name}`), key })}
              aria-keyshortcuts={key}
              pressed={tool === name}
              onClick={() => onTool(name)}
              data-testid={`board-${name}`}
            />
          ))}
        </div>
        <div class="board-group">
          <button
            type="button"
            class="swatch"
            aria-label={t("board.style")}
            title={t("board.style")}
            aria-expanded={styling}
            onClick={() => setStyling(!styling)}
            data-testid="board-style"
          >
            <span style={{ backgroundColor: pen.colour }} />
          </button>
          <IconButton
            icon={Undo2}
            kind="quiet"
            label={t("board.undo")}
            title={t("board.withKey", { name: t("board.undo"), key: "Ctrl+Z" })}
            disabled={!can.undo}
            onClick={() => board.undo()}
            data-testid="board-undo"
          />
          <IconButton
            icon={Redo2}
            kind="quiet"
            label={t("board.redo")}
            title={t("board.withKey", { name: t("board.redo"), key: "Ctrl+Shift+Z" })}
            disabled={!can.redo}
            onClick={() => board.redo()}
            data-testid="board-redo"
          />
          <IconButton
            icon={RotateCw}
            kind="quiet"
            class="board-turn"
            label={t("board.turn")}
            pressed={turned}
            onClick={onTurn}
            data-testid="board-turn"
          />
          <IconButton
            icon={Ellipsis}
            kind="quiet"
            label={t("board.more")}
            aria-haspopup="dialog"
            onClick={onMore}
            data-testid="board-more"
          />
        </div>
      </div>
    </div>
  );
}

function Styles({ pen, onPen }: Pick<ToolbarProps, "pen" | "onPen">) {
  return (
    <div class="board-styles" data-testid="board-styles">
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
        {WIDTHS.map(([name, stroke]) => (
          <button
            key={name}
            type="button"
            class="swatch"
            aria-label={t(`board.width.${name}`)}
            title={t(`board.width.${name}`)}
            aria-pressed={pen.stroke === stroke}
            onClick={() => onPen({ ...pen, stroke })}
            data-testid={`board-width-${name}`}
          >
            <span class={`swatch-width swatch-${name}`} />
          </button>
        ))}
      </div>
    </div>
  );
}
