import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { toast } from "../../ui/announce";
import type { SessionView } from "../../messages";
import { useLocale, createStore, useStore } from "../../ui/store";
import { drawingOn } from "../drawing-on";
import { PictureError, type Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { pictureProblem } from "../sharing";
import { LeadBar, SelectionBar } from "./bars";
import type { BoardDoc } from "./board-doc";
import { BoardView, type Opened, usePages } from "./board-view";
import { claimable, WIDTHS } from "./colours";
import { Elements } from "./elements";
import { freeze } from "./freeze";
import { gestures } from "./gestures";
import { begin, type Desk } from "./hand";
import { insertFiles } from "./insert";
import { type Act, keyboard, pasteInto } from "./keyboard";
import { livePictures } from "./live-pictures";
import { More } from "./more";
import { boardOf } from "./open";
import { paintOverlay } from "./overlay";
import { PageBar } from "./pages";
import { BOARD_HEIGHT, BOARD_WIDTH, FONT_SIZES } from "./schema";
import type { Box, Shape } from "./shape";
import { TextEditor, type Writing } from "./text-editor";
import { Toolbar, type Pen } from "./toolbar";
import type { Tool } from "./tools";
import { useHover, usePage, usePeople, useStrokes } from "./use-board";
import { usePresence } from "./use-presence";
import { WHOLE } from "./viewport";
import { t } from "./words";
import "./board.css";

const WHOLE_PAGE = { left: 0, top: 0, right: BOARD_WIDTH, bottom: BOARD_HEIGHT };

export interface BoardProps {
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  /** Id of the picture of the session's product. The menu offers this picture first as a page's background. */
  product?: string;
  /** Shows only what was drawn until this time (ms since 1970); undefined for the present. */
  until?: number;
  /** Called with the times at which the shapes were begun (ms since 1970), whenever shapes are added, changed or deleted. */
  onStrokes?: (times: number[]) => void;
}

/** The board: pages, shapes, and the tools for people who are allowed to draw. */
export function Board({ link, session, pictures, product = session.product_picture, until = Infinity, onStrokes }: BoardProps) {
  useLocale();
  const board = boardOf(link);
  const mayWrite = session.room?.board === "write" && until === Infinity;
  const connected = useStore(link.board.generation) > 0;
  const pages = usePages(board);
  const [page, setPage, stay] = usePage(board);
  const people = usePeople(board, session);
  const [tool, takeTool] = useState<Tool>("pen");
  const [chosenPen, setPen] = useState<Pen | null>(null);
  const pen = chosenPen ?? { colour: people.colourOf(session.you), stroke: WIDTHS[1][1] };
  const ownColour = claimable(pen.colour, session.you, people.present, people.colourOf);
  const [turned, setTurned] = useState(false);
  const [zoom, setZoom] = useState(1);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [writing, setWriting] = useState<Writing | null>(null);
  const [dialog, setDialog] = useState<"more" | "list" | null>(null);
  const selection = useMemo(() => createStore<ReadonlySet<string>>(new Set()), [board]);
  const chosen = useStore(selection);
  const marquee = useRef<Box | null>(null);
  const presence = usePresence({ board, you: session.you, opened, page, mayWrite, goTo: setPage, nameOf: people.nameOf });
  useStrokes(board, onStrokes);
  useEffect(() => selection.set(new Set()), [page, mayWrite]);
  const setTool = (next: Tool) => {
    takeTool(next);
    selection.set(new Set());
  };
  const choose = (ids: string[]) => {
    takeTool("select");
    selection.set(new Set(ids));
  };

  const desk = (): Desk => ({
    board,
    canvas: opened!.canvas,
    tool,
    colour: pen.colour,
    ownColour,
    stroke: pen.stroke,
    selection,
    marquee: (box) => {
      marquee.current = box;
      opened?.canvas.want();
    },
    write: (at, shape) => setWriting({ at, page, ...(shape ? { shape } : {}) }),
    laser: presence.laser,
  });
  const act: Act = {
    board,
    page,
    pages,
    setPage,
    setTool,
    choose,
    selection,
    tool,
    pen,
    mayWrite,
    canvas: opened?.canvas ?? null,
    write: (at, shape) => setWriting({ at, page, ...(shape ? { shape } : {}) }),
    openList: () => setDialog("list"),
  };
  /** Adds a page with a picture as its background, shows it, and brings the other people to this page. */
  const openPicture = (picture: string) => {
    const id = board.addPage(picture);
    if (id === null) {
      toast(t("board.full"), "error");
      return;
    }
    setPage(id);
    board.show({ kind: "come", page: id, box: WHOLE_PAGE });
  };
  const openFrame = (stream: MediaStream) => void frozen(link, pictures, stream).then(openPicture, tellFrozen);
  const wanted = useStore(drawingOn);
  useEffect(() => {
    if (wanted?.session !== session.id || !mayWrite) return;
    drawingOn.set(null);
    if (wanted.picture) openPicture(wanted.picture);
    else if (wanted.stream) openFrame(wanted.stream);
  }, [wanted, mayWrite]);
  const insert = (files: File[], as: "background" | "element") =>
    void insertFiles({ board, link, pictures, page, files, as, onPage: setPage });
  const [tip, hover] = useHover(board, page, people.nameOf, opened);
  const latest = useRef({ desk, hover, presence, mayWrite, people, stay });
  latest.current = { desk, hover, presence, mayWrite, people, stay };

  const onOpen = (made: Opened) => {
    const { canvas, live, overlay } = made;
    const endGestures = gestures(live, canvas, {
      begin: (press) => {
        const now = latest.current;
        now.hover(null);
        if (!now.mayWrite) return null;
        now.stay();
        return begin(now.desk(), press);
      },
      moves: () => !latest.current.mayWrite,
      hover: (press) => {
        if (press) latest.current.presence.point(press.at);
        latest.current.hover(press);
      },
    });
    canvas.onView = (view) => {
      setZoom(view.zoom);
      latest.current.presence.onView();
    };
    canvas.onFrame = (now) => {
      const {
        presence: { signs },
        people: { nameOf, colourOf },
      } = latest.current;
      const fading = signs.fade(now);
      const selected = [...selection.get()].flatMap((id) => shown(canvas, board, id));
      const name = (id: string) => (id === session.you ? "" : nameOf(id));
      paintOverlay(overlay, canvas, { selected, marquee: marquee.current, signs, nameOf: name, colourOf }, now);
      if (fading) canvas.want();
    };
    const end = selection.subscribe(() => canvas.want());
    const endChanges = board.listen({ onChanged: () => keepChosen(board, selection) });
    setOpened(made);
    return () => {
      end();
      endChanges();
      endGestures();
      setOpened(null);
    };
  };
  const restyle = (next: Pen) => {
    setPen(next);
    if (chosen.size === 0) return;
    board.beginStep();
    board.change(
      new Map(
        [...chosen].map((id) => [id, { colour: next.colour, ...(next.stroke === pen.stroke ? {} : { stroke: next.stroke }) }]),
      ),
    );
  };
  return (
    <div
      class={`board board-tool-${mayWrite ? tool : "none"}`}
      onKeyDown={(event) => keyboard(event, act)}
      onCopy={(event) => pasteInto(event, act, insert)}
      onCut={(event) => pasteInto(event, act, insert)}
      onPaste={(event) => pasteInto(event, act, insert)}
      onDragOver={(event) => mayWrite && event.preventDefault()}
      onDrop={(event) => {
        if (!mayWrite || !event.dataTransfer?.files.length) return;
        event.preventDefault();
        insert([...event.dataTransfer.files], "element");
      }}
    >
      {mayWrite ? (
        <Toolbar
          board={board}
          tool={tool}
          onTool={setTool}
          pen={pen}
          onPen={restyle}
          turned={turned}
          onTurn={() => setTurned(!turned)}
          onMore={() => setDialog("more")}
        />
      ) : (
        until === Infinity && <p class="board-note">{t("board.readOnly")}</p>
      )}
      {!connected && <p class="board-note board-offline">{t("board.offline")}</p>}
      <BoardView board={board} pictureUrl={(id) => pictures.url(id)} page={page} until={until} turned={turned} onOpen={onOpen}>
        <PageBar
          pages={pages}
          page={page}
          onPage={setPage}
          zoom={zoom}
          onWhole={() => opened?.canvas.look(WHOLE)}
          people={people.present}
          colourOf={people.colourOf}
          nameOf={people.nameOf}
        />
        <LeadBar
          leader={presence.leader && people.nameOf(presence.leader)}
          leading={presence.leading}
          onStopFollowing={presence.stop}
          onStopLeading={() => presence.setLeading(false)}
        />
        {mayWrite && chosen.size > 0 && !writing && <SelectionBar count={chosen.size} {...selectionActs(act)} />}
        {tip && (
          <p class="board-tip" style={{ left: `${tip.at[0]}px`, top: `${tip.at[1]}px` }} data-testid="board-tip">
            {tip.words}
          </p>
        )}
        {writing && opened && (
          <TextEditor
            board={board}
            canvas={opened.canvas}
            writing={writing}
            colour={pen.colour}
            ownColour={ownColour}
            fontSize={FONT_SIZES[pen.stroke <= WIDTHS[0][1] ? "small" : pen.stroke <= WIDTHS[1][1] ? "medium" : "large"]}
            onDone={() => {
              setWriting(null);
              opened.live.focus({ preventScroll: true });
            }}
          />
        )}
      </BoardView>
      {dialog === "more" && (
        <More
          board={board}
          page={page}
          you={session.you}
          link={link}
          pictures={pictures}
          product={product}
          leading={presence.leading}
          live={livePictures(link, session)}
          onFreeze={openFrame}
          onPage={setPage}
          onFiles={insert}
          onList={() => setDialog("list")}
          onLead={presence.setLeading}
          onBring={presence.bring}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "list" && (
        <Elements
          board={board}
          page={page}
          nameOf={people.nameOf}
          mayWrite={mayWrite}
          onChoose={(shape) => {
            setDialog(null);
            choose([shape.id]);
            opened?.live.focus({ preventScroll: true });
          }}
          onWrite={(shape) => {
            setDialog(null);
            setWriting({ at: [shape.x, shape.y], page, shape });
          }}
          onClose={() => setDialog(null)}
        />
      )}
    </div>
  );
}

/** Takes a still picture from a live stream and uploads it. Returns the picture's id. */
async function frozen(link: RoomLink, pictures: Pictures, stream: MediaStream): Promise<string> {
  return (await pictures.upload(link.session, await freeze(stream), "board")).picture;
}

const tellFrozen = (error: unknown) =>
  toast(error instanceof PictureError ? pictureProblem(error) : t("board.freeze.failed"), "error");

/** Returns a selected shape as the canvas paints it now. While this person drags the shape, the document still has the shape's
 *  old position. */
function shown(canvas: Opened["canvas"], board: BoardDoc, id: string): Shape[] {
  const shape = canvas.previewOf(id) ?? board.shape(id);
  return shape ? [shape] : [];
}

function keepChosen(board: BoardDoc, selection: Act["selection"]): void {
  const chosen = selection.get();
  const kept = [...chosen].filter((id) => board.shape(id));
  if (kept.length < chosen.size) selection.set(new Set(kept));
}

function selectionActs({ board, page, selection }: Act) {
  const ids = () => [...selection.get()];
  return {
    onDuplicate: () => {
      const copies = board.copy(
        ids().flatMap((id) => board.shape(id) ?? []),
        page,
        [24, 24],
      );
      selection.set(new Set(copies));
    },
    onLock: () => {
      board.beginStep();
      board.change(new Map(ids().map((id) => [id, { locked: true }])));
      selection.set(new Set());
    },
    onDelete: () => {
      board.beginStep();
      board.remove(ids());
    },
  };
}
