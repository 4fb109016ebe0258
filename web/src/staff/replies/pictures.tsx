import { ImagePlus, X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { PICTURE_TYPES } from "../../room/pictures";
import { Button, IconButton } from "../../ui";
import { MOST_PICTURES, pictureAddress } from "./api";
import { t } from "./texts";

/** The changes of a reply's pictures that were made in the editor. The changes are stored together with the reply. */
export interface PictureChanges {
  kept: string[];
  removed: string[];
  added: File[];
}

interface PicturesProps {
  changes: PictureChanges;
  onChange: (changes: PictureChanges) => void;
}

/** Shows the pictures of the saved reply that is being edited, and lets the person add and remove some. */
export function ReplyPictures({ changes, onChange }: PicturesProps) {
  const { kept, removed, added } = changes;
  const input = useRef<HTMLInputElement>(null);
  const room = MOST_PICTURES - kept.length - added.length;
  return (
    <fieldset class="reply-pictures">
      <legend>{t("pictures")}</legend>
      {kept.map((id) => (
        <Thumb
          key={id}
          src={pictureAddress(id)}
          onRemove={() => onChange({ added, kept: kept.filter((one) => one !== id), removed: [...removed, id] })}
        />
      ))}
      {added.map((file) => (
        <NewThumb
          key={file}
          file={file}
          onRemove={() => onChange({ kept, removed, added: added.filter((one) => one !== file) })}
        />
      ))}
      {room > 0 && (
        <Button icon={ImagePlus} onClick={() => input.current?.click()}>
          {t("pictures.add")}
        </Button>
      )}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={PICTURE_TYPES.join(",")}
        data-testid="reply-picture-file"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])].slice(0, room);
          event.currentTarget.value = "";
          onChange({ kept, removed, added: [...added, ...files] });
        }}
      />
    </fieldset>
  );
}

function NewThumb({ file, onRemove }: { file: File; onRemove: () => void }) {
  const [src, setSrc] = useState("");
  useEffect(() => {
    const url = URL.createObjectURL(file);
    setSrc(url);
    return () => URL.revokeObjectURL(url);
  }, [file]);
  return <Thumb src={src} onRemove={onRemove} />;
}

/** A small picture with a button that removes it. */
export function Thumb({ src, onRemove }: { src: string; onRemove: () => void }) {
  return (
    <span class="reply-thumb" data-testid="reply-thumb">
      {src && <img src={src} alt={t("pictures.one")} />}
      <IconButton icon={X} label={t("pictures.remove")} onClick={onRemove} />
    </span>
  );
}
