import { FileText, RotateCcw, X } from "lucide";
import { useEffect } from "preact/hooks";
import { announce } from "../../ui/announce";
import { Button, IconButton } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import "./files.css";
import type { FileQueue, OutFile } from "./queue";
import { mostMb, queueOf } from "./sending";
import { sizeOf, t, textOr } from "./words";

/** Reasons for which the server refuses a file now, but might accept it a moment later. */
const PASSES = ["scan_failed", "too_many_files", "files", "disk_full", "unavailable", "too_slow", "other"];

export interface FilesOnTheWayProps {
  client: Client;
  session: string;
  token: string;
}

/** Shows, above the message box, the files that this person is sending. */
export function FilesOnTheWay({ client, session, token }: FilesOnTheWayProps) {
  useLocale();
  const queue = queueOf(client, session, token);
  const files = useStore(queue.files);
  if (files.length === 0) return null;
  return (
    <ul class="files-out" data-testid="files-out">
      {files.map((file) => (
        <OneFile key={file.id} file={file} queue={queue} most={mostMb(client, session)} />
      ))}
    </ul>
  );
}

function OneFile({ file, queue, most }: { file: OutFile; queue: FileQueue; most: number }) {
  const percent = Math.floor((100 * file.sentBytes) / Math.max(1, file.body.size));
  const refused = file.state === "refused";
  const words = refused ? textOr(`error.${file.reason}`, t("error.other"), { mb: most }) : standing(file, percent);
  useEffect(() => announce(t("sending", { name: file.name })), []);
  useEffect(() => {
    if (refused) announce(`${file.name}: ${words}`);
  }, [refused]);
  return (
    <li class={`file-out ${refused ? "file-out-refused" : ""}`} data-testid="file-out" data-state={file.state}>
      <Icon node={FileText} />
      <span class="file-out-words">
        <span class="file-name" dir="auto">
          {file.name}
        </span>
        <span class="file-facts">{words}</span>
        {!refused && <progress max={100} value={percent} aria-label={t("sending", { name: file.name })} />}
      </span>
      {refused && PASSES.includes(file.reason) && (
        <Button kind="quiet" icon={RotateCcw} onClick={() => queue.again(file.id)}>
          {t("again")}
        </Button>
      )}
      <IconButton
        icon={X}
        kind="quiet"
        label={refused ? t("dismiss") : t("cancel", { name: file.name })}
        onClick={() => queue.cancel(file.id)}
        data-testid="file-cancel"
      />
    </li>
  );
}

function standing(file: OutFile, percent: number): string {
  if (file.state === "waiting") return t("waiting");
  return file.state === "paused" ? t("paused") : t("percent", { percent, size: sizeOf(file.body.size) });
}
