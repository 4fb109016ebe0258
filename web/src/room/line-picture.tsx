import { ImageOff, PencilLine } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import type { Pictures } from "./pictures";
import { t } from "./words";

/** Returns a picture's blob: address; undefined while it loads, null when it is not available. */
export function usePicture(pictures: Pictures, picture: string): string | null | undefined {
  const [url, setUrl] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    let wanted = true;
    setUrl(undefined);
    if (picture === "") return;
    pictures.url(picture).then(
      (loaded) => wanted && setUrl(loaded),
      () => wanted && setUrl(null),
    );
    return () => {
      wanted = false;
    };
  }, [pictures, picture]);
  return url;
}

interface LinePictureProps {
  picture: string;
  pictures: Pictures;
  label: string;
  /** Opens the board with the line's picture. Undefined if this person is not allowed to draw on the board. */
  onDraw?: (() => void) | undefined;
}

/** A line's picture in the chat. A press shows it large. */
export function LinePicture({ picture, pictures, label, onDraw }: LinePictureProps) {
  const url = usePicture(pictures, picture);
  const [large, setLarge] = useState(false);
  if (url === undefined) return <div class="chat-picture-loading skeleton" />;
  if (url === null) {
    return (
      <div class="chat-text chat-picture-gone">
        <Icon node={ImageOff} /> {t("chat.pictureGone")}
      </div>
    );
  }
  return (
    <>
      <button type="button" class="chat-picture" onClick={() => setLarge(true)} aria-label={label}>
        <img src={url} alt={label} />
      </button>
      {large && (
        <Dialog title={label} closeLabel={t("close")} onClose={() => setLarge(false)} class="picture-dialog">
          <img src={url} alt={label} />
          {onDraw && (
            <Button
              icon={PencilLine}
              onClick={() => {
                setLarge(false);
                onDraw();
              }}
              data-testid="picture-draw"
            >
              {t("chat.drawOn")}
            </Button>
          )}
        </Dialog>
      )}
    </>
  );
}
