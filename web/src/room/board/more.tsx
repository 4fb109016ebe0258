import { Crosshair, Download, Eraser, FileImage, ImagePlus, List, Plus, Snowflake, StickyNote, Trash2, Users } from "lucide";
import { useRef, useState } from "preact/hooks";
import { toast } from "../../ui/announce";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { usePicture } from "../line-picture";
import { PICTURE_TYPES, type Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { t as room } from "../words";
import type { BoardDoc } from "./board-doc";
import type { Format } from "./export";
import type { LivePicture } from "./live-pictures";
import { t } from "./words";

const CHAT_PICTURES_MOST = 8;
const FORMATS: readonly Format[] = ["png", "svg", "pdf", "excalidraw"];

interface MoreProps {
  board: BoardDoc;
  page: string;
  you: string;
  link: RoomLink;
  pictures: Pictures;
  /** Id of the picture of the product that the session is about; "" if there is none. */
  product: string;
  leading: boolean;
  /** The cameras and shared screens of which the board can take a still picture. */
  live: LivePicture[];
  onFreeze: (stream: MediaStream) => void;
  onPage: (page: string) => void;
  onFiles: (files: File[], as: "background" | "element") => void;
  onList: () => void;
  onLead: (on: boolean) => void;
  onBring: () => void;
  onClose: () => void;
}

/** The board's menu for everything that is not a drawing tool: pictures, pages, making others see the same part of a page, and
 *  clearing. */
export function More(props: MoreProps) {
  const { board, page, link, pictures, product, onClose } = props;
  const choose = (picture: string) => {
    board.setBackground(picture, page);
    onClose();
  };
  const drawn = board.page(page)?.background !== "" || board.seen(page).length > 0;
  return (
    <Dialog title={t("board.more")} closeLabel={room("close")} onClose={onClose} data-testid="board-menu">
      <div class="backgrounds">
        <section aria-label={t("board.picture.title")} class="board-menu-part">
          <h3>{t("board.picture.title")}</h3>
          {product && <Offer picture={product} pictures={pictures} label={t("board.picture.product")} onChoose={choose} large />}
          <FromChat link={link} pictures={pictures} onChoose={choose} />
          <PickFile {...props} as="background" label={t("board.picture.upload")} icon={FileImage} testid="board-picture-file" />
          <PickFile {...props} as="element" label={t("board.picture.insert")} icon={ImagePlus} testid="board-insert-file" />
          {drawn && (
            <Button icon={StickyNote} wide onClick={() => choose("")} data-testid="board-blank">
              {t("board.picture.none")}
            </Button>
          )}
        </section>
        <LivePart {...props} />
        <PagesPart {...props} />
        <TogetherPart {...props} />
        <SavePart {...props} />
        <ClearPart {...props} />
      </div>
    </Dialog>
  );
}

function LivePart({ live, onFreeze, onClose }: MoreProps) {
  if (live.length === 0) return null;
  return (
    <section aria-label={t("board.freeze")} class="board-menu-part">
      <h3>{t("board.freeze")}</h3>
      <div class="buttons">
        {live.map(({ key, name, stream }) => (
          <Button
            key={key}
            icon={Snowflake}
            onClick={() => {
              onFreeze(stream);
              onClose();
            }}
            data-testid="board-freeze"
          >
            {name}
          </Button>
        ))}
      </div>
    </section>
  );
}

function PagesPart({ board, page, onPage, onList, onClose }: MoreProps) {
  const pages = board.pages();
  const at = pages.findIndex(({ id }) => id === page);
  const add = () => {
    const id = board.addPage();
    if (id !== null) onPage(id);
    onClose();
  };
  const remove = () => {
    onPage((pages[at + 1] ?? pages[at - 1])!.id);
    board.removePage(page);
    onClose();
  };
  return (
    <section aria-label={t("board.pages")} class="board-menu-part">
      <h3>{t("board.pages")}</h3>
      {pages.length > 1 && (
        <div class="board-page-list" role="group" aria-label={t("board.page.go")}>
          {pages.map(({ id }, i) => (
            <button
              key={id}
              type="button"
              class="board-page-go num"
              aria-current={id === page ? "page" : undefined}
              aria-label={t("board.page.at", { n: i + 1, all: pages.length })}
              onClick={() => {
                onPage(id);
                onClose();
              }}
            >
              {i + 1}
            </button>
          ))}
        </div>
      )}
      <div class="buttons">
        <Button icon={Plus} onClick={add} data-testid="board-page-add">
          {t("board.page.add")}
        </Button>
        {pages.length > 1 && (
          <Button icon={Trash2} onClick={remove} data-testid="board-page-remove">
            {t("board.page.remove", { n: at + 1 })}
          </Button>
        )}
        <Button icon={List} onClick={onList} data-testid="board-list-open">
          {t("board.list.open")}
        </Button>
      </div>
    </section>
  );
}

function TogetherPart({ leading, onLead, onBring, onClose }: MoreProps) {
  const then = (act: () => void) => () => {
    act();
    onClose();
  };
  return (
    <section aria-label={t("board.together")} class="board-menu-part">
      <h3>{t("board.together")}</h3>
      <div class="buttons">
        <Button icon={Users} aria-pressed={leading} onClick={then(() => onLead(!leading))} data-testid="board-follow">
          {t(leading ? "board.lead.stop" : "board.lead.start")}
        </Button>
        <Button icon={Crosshair} onClick={then(onBring)} data-testid="board-bring">
          {t("board.come.ask")}
        </Button>
      </div>
    </section>
  );
}

function SavePart({ board, page, pictures, onClose }: MoreProps) {
  const [busy, setBusy] = useState("");
  const save = async (format: Format) => {
    setBusy(format);
    try {
      const { saveBoard } = await import("./export");
      await saveBoard(format, {
        board,
        page,
        pictureUrl: (id) => pictures.url(id),
        pictureBlob: (id) => pictures.blob(`/api/pictures/${encodeURIComponent(id)}`),
        name: `board-${new Date().toISOString().slice(0, 10)}`,
        nameOfPage: (number) => t("board.page.name", { n: number }),
      });
      onClose();
    } catch {
      toast(t("board.save.failed"), "error");
      setBusy("");
    }
  };
  return (
    <section aria-label={t("board.save")} class="board-menu-part">
      <h3>{t("board.save")}</h3>
      <div class="buttons">
        {FORMATS.map((format) => (
          <Button
            key={format}
            icon={Download}
            busy={busy === format}
            onClick={() => void save(format)}
            data-testid={`board-save-${format}`}
          >
            {t(`board.save.${format}`)}
          </Button>
        ))}
      </div>
    </section>
  );
}

/** Clears a page in two presses: the first says which shapes will be deleted, the second deletes them. */
function ClearPart({ board, page, you, onClose }: MoreProps) {
  const [asked, setAsked] = useState<"mine" | "all" | null>(null);
  const shapes = board.seen(page);
  const mine = shapes.filter(({ author }) => author === you).length;
  if (shapes.length === 0) return null;
  const clear = () => {
    board.clear(page, asked === "mine" ? you : undefined);
    onClose();
  };
  if (asked) {
    return (
      <section class="board-menu-part" role="alert">
        <p>{t(`board.clear.ask.${asked}`, { n: asked === "mine" ? mine : shapes.length })}</p>
        <div class="buttons">
          <Button onClick={() => setAsked(null)}>{t("board.clear.keep")}</Button>
          <Button kind="danger" icon={Trash2} onClick={clear} data-testid="board-clear-yes">
            {t("board.clear.yes")}
          </Button>
        </div>
      </section>
    );
  }
  return (
    <section aria-label={t("board.clear")} class="board-menu-part">
      <div class="buttons">
        {mine > 0 && (
          <Button icon={Eraser} onClick={() => setAsked("mine")} data-testid="board-clear-mine">
            {t("board.clear.mine")}
          </Button>
        )}
        <Button icon={Trash2} onClick={() => setAsked("all")} data-testid="board-clear-all">
          {t("board.clear.all")}
        </Button>
      </div>
    </section>
  );
}

interface OfferProps {
  picture: string;
  pictures: Pictures;
  label: string;
  large?: boolean;
  onChoose: (picture: string) => void;
}

function Offer({ picture, pictures, label, large = false, onChoose }: OfferProps) {
  const url = usePicture(pictures, picture);
  if (url === null) return null;
  return (
    <button
      type="button"
      class={large ? "offer offer-large" : "offer"}
      onClick={() => onChoose(picture)}
      data-testid="board-offer"
    >
      {url ? <img src={url} alt={large ? "" : label} /> : <span class="skeleton offer-loading" />}
      {large && <span>{label}</span>}
    </button>
  );
}

function FromChat({ link, pictures, onChoose }: Pick<MoreProps, "link" | "pictures"> & { onChoose: (picture: string) => void }) {
  const lines = link.client.state.get().lines[link.session] ?? [];
  const shared = lines.filter((line) => line.kind === "picture" && line.audience === "all").slice(-CHAT_PICTURES_MOST);
  if (shared.length === 0) return null;
  return (
    <div class="offers" role="group" aria-label={t("board.picture.chat")}>
      {shared.map((line) => (
        <Offer key={line.seq} picture={line.picture} pictures={pictures} label={t("board.picture.chat")} onChoose={onChoose} />
      ))}
    </div>
  );
}

interface PickFileProps extends MoreProps {
  as: "background" | "element";
  label: string;
  icon: typeof FileImage;
  testid: string;
}

function PickFile({ as, label, icon, testid, onFiles, onClose }: PickFileProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon={icon} wide onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple={as === "element"}
        accept={[...PICTURE_TYPES, ...(as === "element" ? ["application/pdf"] : [])].join(",")}
        data-testid={testid}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])], as);
          onClose();
        }}
      />
    </>
  );
}
