import { FileImage, ImagePlus, StickyNote } from "lucide";
import { useRef, useState } from "preact/hooks";
import { toast } from "../../ui/announce";
import { Button, IconButton } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { usePicture } from "../line-picture";
import { pictureProblem } from "../sharing";
import { PICTURE_TYPES, type Pictures } from "../pictures";
import type { RoomLink } from "../room-link";
import { t as room } from "../words";
import type { BoardDoc } from "./board-doc";
import { t } from "./words";

const CHAT_PICTURES_MOST = 8;

interface BackgroundsProps {
  board: BoardDoc;
  link: RoomLink;
  pictures: Pictures;
  /** The product's picture id, or "". */
  product: string;
}

/** Chooses the picture behind the drawing: the product's picture, one from the chat, one from this device, or none. */
export function Backgrounds({ board, link, pictures, product }: BackgroundsProps) {
  const [open, setOpen] = useState(false);
  const choose = (picture: string) => {
    board.setBackground(picture);
    setOpen(false);
  };
  return (
    <>
      <IconButton
        icon={ImagePlus}
        kind="quiet"
        label={t("board.picture")}
        onClick={() => setOpen(true)}
        data-testid="board-picture"
      />
      {open && (
        <Dialog title={t("board.picture.title")} closeLabel={room("close")} onClose={() => setOpen(false)}>
          <div class="backgrounds">
            {product && (
              <Offer picture={product} pictures={pictures} label={t("board.picture.product")} onChoose={choose} large />
            )}
            <FromChat link={link} pictures={pictures} onChoose={choose} />
            <Upload link={link} pictures={pictures} onChoose={choose} />
            {(board.background !== "" || board.shapes().some((shape) => !board.isPutAway(shape))) && (
              <Button icon={StickyNote} wide onClick={() => choose("")} data-testid="board-blank">
                {t("board.picture.none")}
              </Button>
            )}
          </div>
        </Dialog>
      )}
    </>
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

function FromChat({
  link,
  pictures,
  onChoose,
}: Pick<BackgroundsProps, "link" | "pictures"> & { onChoose: (picture: string) => void }) {
  const lines = link.client.state.get().lines[link.session] ?? [];
  const shared = lines.filter((line) => line.kind === "picture" && line.audience === "all").slice(-CHAT_PICTURES_MOST);
  if (shared.length === 0) return null;
  return (
    <div>
      <h3>{t("board.picture.chat")}</h3>
      <div class="offers">
        {shared.map((line) => (
          <Offer key={line.seq} picture={line.picture} pictures={pictures} label={t("board.picture.chat")} onChoose={onChoose} />
        ))}
      </div>
    </div>
  );
}

function Upload({
  link,
  pictures,
  onChoose,
}: Pick<BackgroundsProps, "link" | "pictures"> & { onChoose: (picture: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const upload = async (file: File) => {
    setBusy(true);
    try {
      onChoose((await pictures.upload(link.session, file, "board")).picture);
    } catch (error) {
      toast(pictureProblem(error), "error");
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button icon={FileImage} wide busy={busy} onClick={() => input.current?.click()}>
        {t("board.picture.upload")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={PICTURE_TYPES.join(",")}
        data-testid="board-picture-file"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void upload(file);
        }}
      />
    </>
  );
}
