import type { PictureOf } from "./paint";

/** Resolves a picture's id to an address that an <img> can show. Rejects if the picture cannot be fetched. */
export type PictureUrl = (id: string) => Promise<string>;

const PICTURES_MOST = 60;

/** The decoded pictures of a board. Calls `onLoad` whenever another picture can be painted. */
export class Images {
  private readonly known = new Map<string, HTMLImageElement>();

  constructor(
    private readonly url: PictureUrl,
    private readonly onLoad: () => void,
  ) {}

  /**
   * Returns a decoded picture; null while the picture loads, if it cannot be shown, or if `PICTURES_MOST` other pictures are
   * known already.
   */
  readonly of: PictureOf = (id) => {
    const known = this.known.get(id);
    if (known) return known.complete && known.naturalWidth > 0 ? known : null;
    if (this.known.size < PICTURES_MOST) void this.load(id);
    return null;
  };

  /** Waits until a picture is decoded, and resolves to it; null if it cannot be shown. */
  async ready(id: string): Promise<HTMLImageElement | null> {
    const image = this.known.get(id) ?? (await this.load(id));
    await image.decode().catch(() => undefined);
    return image.naturalWidth > 0 ? image : null;
  }

  private async load(id: string): Promise<HTMLImageElement> {
    const image = new Image();
    this.known.set(id, image);
    image.addEventListener("load", () => this.onLoad());
    const url = await this.url(id).catch(() => "");
    if (url) image.src = url;
    return image;
  }
}
