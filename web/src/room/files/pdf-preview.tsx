import { useEffect, useRef, useState } from "preact/hooks";
import type { Pictures } from "../pictures";
import { Previews } from "./previews";
import { t } from "./words";

// a PDF of more bytes than this gets no preview, because the preview requires that the whole file is fetched
export const PREVIEWED_BYTES = 5_000_000;

const previews = new Previews();

interface PreviewProps {
  /** The PDF's path on our own server. The page fetches the PDF from there. */
  path: string;
  name: string;
  pictures: Pictures;
}

/** The first page of a PDF, drawn as soon as it is on the screen. Shows nothing for a PDF that cannot be drawn. */
export function PdfPreview({ path, name, pictures }: PreviewProps) {
  const mark = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  const [url, setUrl] = useState("");
  useEffect(() => {
    const shown = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && setSeen(true));
    if (mark.current) shown.observe(mark.current);
    return () => shown.disconnect();
  }, []);
  useEffect(() => {
    if (!seen) return;
    let wanted = true;
    let made = "";
    previews
      .of(path, () => pictures.blob(path))
      .then(
        (blob) => {
          if (wanted) setUrl((made = URL.createObjectURL(blob)));
        },
        () => undefined, // no preview: the line shows only the file's name
      );
    return () => {
      wanted = false;
      URL.revokeObjectURL(made);
    };
  }, [seen, path]);
  return (
    <span ref={mark} class={url ? "file-preview" : "file-preview-none"}>
      {url && <img src={url} alt={t("preview", { name })} data-testid="file-preview" />}
    </span>
  );
}

/** Returns whether the person's device asks pages to transfer little data. */
export const savesData = (): boolean => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
