import { Download, FileArchive, FileHeadphone, FilePlay, FileSpreadsheet, FileText, Lock, type IconNode } from "lucide";
import { useState } from "preact/hooks";
import type { Line } from "../../messages";
import { toast } from "../../ui/announce";
import { Icon } from "../../ui/icon";
import { saveAs } from "../../ui/save-as";
import { useLocale } from "../../ui/store";
import { PictureError, type Pictures } from "../pictures";
import { PdfPreview, PREVIEWED_BYTES, savesData } from "./pdf-preview";
import "./files.css";
import { sizeOf, t } from "./words";

const SHEETS = ["xlsx", "xls", "ods", "csv"];
const SOUNDS = ["mp3", "m4a", "aac", "ogg", "flac", "wav", "amr"];
const VIDEOS = ["mp4", "mov", "3gp", "webm", "mkv", "avi", "wmv", "mpg"];

function iconOf(kind: string): IconNode {
  if (SHEETS.includes(kind)) return FileSpreadsheet;
  if (SOUNDS.includes(kind)) return FileHeadphone;
  if (VIDEOS.includes(kind)) return FilePlay;
  return kind === "zip" ? FileArchive : FileText;
}

interface FileLineProps {
  line: Line;
  pictures: Pictures;
  /** The current session with the same visitor, which gives staff the right to read a file of an earlier session; "" for none. */
  via?: string;
}

/** A file in the conversation: its name, kind and size. A press downloads the file. */
export function FileLine({ line, pictures, via = "" }: FileLineProps) {
  useLocale();
  const [busy, setBusy] = useState(false);
  const { file = "", kind = "", bytes = "0", locked } = line.args;
  const facts = { name: line.text, kind: kind.toUpperCase(), size: sizeOf(Number(bytes)) };
  const path = `/api/files/${encodeURIComponent(file)}${via && `?${new URLSearchParams({ via })}`}`;
  const previews = kind === "pdf" && !locked && Number(bytes) <= PREVIEWED_BYTES && !savesData();
  const fetchIt = async () => {
    setBusy(true);
    try {
      saveAs(await pictures.blob(path), line.text);
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      toast(t(error.reason === "network" ? "network" : "gone"), "error");
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class="file-line"
      onClick={() => void fetchIt()}
      disabled={busy}
      aria-busy={busy || undefined}
      aria-label={t("download", facts) + (locked ? `, ${t("locked")}` : "")}
      data-testid="file-line"
    >
      {previews && <PdfPreview path={path} name={line.text} pictures={pictures} />}
      <Icon node={iconOf(kind)} size={28} />
      <span class="file-line-words">
        <span class="file-name" dir="auto">
          {line.text}
        </span>
        <span class="file-facts">
          {busy ? t("fetching") : `${facts.kind} · ${facts.size}`}
          {locked && (
            <span class="file-locked">
              <Icon node={Lock} size={14} /> {t("locked")}
            </span>
          )}
        </span>
      </span>
      <Icon node={Download} />
    </button>
  );
}
