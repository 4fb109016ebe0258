/** Uploads and downloads pictures by HTTP. Shows pictures as blob: addresses, because a token must not be in an address. */

import type { HttpReason } from "../messages";

/** Why a picture failed: a reason of the server, or a reason of this page: no connection (`network`), or no reason in the answer
 *  (`failed`). */
export type PictureFailure = HttpReason | "network" | "failed";

export class PictureError extends Error {
  constructor(
    readonly reason: PictureFailure,
    message: string,
  ) {
    super(message);
    this.name = "PictureError";
  }
}

export interface Uploaded {
  picture: string;
  width: number;
  height: number;
  mime: string;
}

const KEPT_MOST = 60;
export const UPLOAD_BYTES_MOST = 8 * 1024 * 1024;
/** The types that the file chooser asks for. HEIC is not among these types, so an iPhone converts its HEIC photos by itself. */
export const PICTURE_TYPES = ["image/jpeg", "image/png", "image/webp"];
const ALL_TYPES = [...PICTURE_TYPES, "image/avif", "image/heic"];
const FIRST_BYTES = /^(?:(\xff\xd8\xff)|(\x89PNG\r\n)|(RIFF[^]{4}WEBP)|([^]{4}ftypavi[fs])|([^]{4}ftyp(?:he|mif1|msf1)))/;

/** Returns the type of a picture by its first bytes; undefined for a type that the server does not accept. The type that comes
 *  with a dropped or downloaded file is often missing or wrong. */
export async function pictureType(file: Blob): Promise<string | undefined> {
  const head = FIRST_BYTES.exec(String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer())));
  return head ? ALL_TYPES[head.slice(1).findIndex(Boolean)] : undefined;
}

export class Pictures {
  private readonly shown = new Map<string, Promise<string>>();

  /** `token`: the token with which a visitor authenticates; "" for staff, who authenticate with their cookie. */
  constructor(readonly token = "") {}

  /** Uploads a picture. Rejects with a PictureError. Sends nothing if the file is too large or no picture. */
  async upload(session: string, file: Blob, use: "line" | "board", audience: "all" | "staff" = "all"): Promise<Uploaded> {
    if (file.size > UPLOAD_BYTES_MOST) throw new PictureError("too_large", "");
    if (!(await pictureType(file))) throw new PictureError("not_a_picture", "");
    const query = new URLSearchParams({ use, audience });
    const response = await this.fetch(`/api/sessions/${encodeURIComponent(session)}/pictures?${query}`, {
      method: "POST",
      body: file,
    });
    return (await response.json()) as Uploaded;
  }

  /**
   * Returns a blob: address of the picture, which is fetched only once while it is kept. At most 60 pictures are kept; beyond
   * that, the oldest is dropped.
   */
  url(picture: string): Promise<string> {
    const known = this.shown.get(picture);
    if (known) return known;
    const made = this.download(picture);
    this.shown.set(picture, made);
    made.catch(() => this.shown.delete(picture));
    const [oldest] = this.shown.keys();
    if (this.shown.size > KEPT_MOST && oldest !== undefined) this.drop(oldest);
    return made;
  }

  close(): void {
    for (const picture of [...this.shown.keys()]) this.drop(picture);
  }

  /** Fetches any path of our own server with authorization, as a Blob. */
  async blob(path: string): Promise<Blob> {
    return (await this.fetch(path, {})).blob();
  }

  /** Fetches JSON from any path of our own server, with authorization. */
  async json<T>(path: string, method: "GET" | "POST" = "GET"): Promise<T> {
    return (await (await this.fetch(path, { method })).json()) as T;
  }

  private async download(picture: string): Promise<string> {
    return URL.createObjectURL(await this.blob(`/api/pictures/${encodeURIComponent(picture)}`));
  }

  private drop(picture: string): void {
    this.shown.get(picture)?.then(
      (url) => URL.revokeObjectURL(url),
      () => undefined,
    );
    this.shown.delete(picture);
  }

  private async fetch(path: string, options: RequestInit): Promise<Response> {
    const headers: Record<string, string> = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const response = await fetch(path, { ...options, headers, credentials: "same-origin" }).catch(() => {
      throw new PictureError("network", "");
    });
    if (response.ok) return response;
    const { reason = "failed", message = "" } = (await response.json().catch(() => ({}))) as {
      reason?: HttpReason;
      message?: string;
    };
    throw new PictureError(reason, message);
  }
}
