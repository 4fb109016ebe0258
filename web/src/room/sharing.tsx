/** Sends the pictures and files that a person chooses, pastes or drops on the page. */

import { Paperclip } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Audience, FileReason, PictureReason } from "../messages";
import { toast } from "../ui/announce";
import { IconButton } from "../ui/button";
import { withTexts } from "../ui/i18n";
import type { OneOf } from "../ui/one-of";
import type { Client } from "./client";
import { lazy } from "./lazy";
import { PICTURE_TYPES, PictureError, pictureType, type PictureFailure, type Pictures } from "./pictures";
import { isKey, t, type RoomKey } from "./words";

const loadFiles = () => withTexts(import("./files"));
export const FilesOnTheWay = lazy(loadFiles, (files) => files.FilesOnTheWay, { name: "chat.uploading" });
export const FileLine = lazy(loadFiles, (files) => files.FileLine, { name: "lazy.loading" });

export const takesFiles = (client: Client, session: string): boolean =>
  (client.state.get().sessions[session]?.site.file_mb ?? 0) > 0;

interface SharingProps {
  client: Client;
  session: string;
  pictures: Pictures;
  to: Audience;
}

const AT_ONCE = 20;
const sentFiles = new WeakSet<Client>();

/** Sends pictures as lines and passes other files to the file queue. `sends`: whether this page has put a file into that queue,
 *  so that the queue must be shown. `dragged`: whether the person is dragging files over the page. */
export function useSharing({ client, session, pictures, to }: SharingProps) {
  const [uploading, setUploading] = useState(0);
  const [sends, setSends] = useState(sentFiles.has(client));
  const shareOne = async (file: File) => {
    setUploading((n) => n + 1);
    try {
      if (takesFiles(client, session) && !(await pictureType(file))) {
        const { send } = await loadFiles().catch(() => {
          throw new PictureError("network", "");
        });
        send({ client, session, token: pictures.token, file, audience: to });
        sentFiles.add(client);
        setSends(true);
      } else {
        const { picture } = await pictures.upload(session, file, "line", to);
        client.sendLine({ session, kind: "picture", picture, audience: to });
      }
    } catch (error) {
      toast(pictureProblem(error), "error");
    } finally {
      setUploading((n) => n - 1);
    }
  };
  const share = (files: FileList | undefined) => {
    for (const file of [...(files ?? [])].slice(0, AT_ONCE)) void shareOne(file);
  };
  return { uploading, sends, dragged: useDrop(share), share };
}

/** Shares files that somebody drops anywhere on the page. Otherwise, the browser would leave the page and open the file. Returns
 *  whether files are being dragged over the page. */
function useDrop(share: (files: FileList | undefined) => void): boolean {
  const [dragged, setDragged] = useState(false);
  const latest = useRef(share);
  latest.current = share;
  useEffect(() => {
    const listen = (event: DragEvent) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDragged(event.type === "dragover");
      if (event.type === "drop") latest.current(event.dataTransfer.files);
    };
    const gone = (event: DragEvent) => event.relatedTarget === null && setDragged(false);
    addEventListener("dragover", listen);
    addEventListener("drop", listen);
    addEventListener("dragleave", gone);
    return () => {
      removeEventListener("dragover", listen);
      removeEventListener("drop", listen);
      removeEventListener("dragleave", gone);
    };
  }, []);
  return dragged;
}

/** The button that opens the file chooser. `files`: whether the site accepts files other than pictures. */
export function Attach({ files, onPick }: { files: boolean; onPick: (files: FileList) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton
        icon={Paperclip}
        kind="quiet"
        label={t(files ? "chat.file" : "chat.picture")}
        onClick={() => input.current?.click()}
        data-testid="chat-picture"
      />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={files ? undefined : PICTURE_TYPES.join(",")}
        data-testid="chat-picture-file"
        onChange={(event) => {
          if (event.currentTarget.files) onPick(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

type RefusesPictures =
  | PictureReason
  | OneOf<FileReason, "file_infected" | "scan_failed">
  | OneOf<PictureFailure, "too_large" | "session_full" | "too_many_pictures" | "pictures" | "wrong_state" | "network" | "failed">;

/** Returns the sentence that tells a person why their picture was not sent. */
export function pictureProblem(error: unknown): string {
  if (!(error instanceof PictureError)) return t("picture.failed");
  const key: RoomKey = `picture.${error.reason as RefusesPictures}`;
  return t(isKey(key) ? key : "picture.failed");
}
