type Draw = (file: Blob) => Promise<Blob>;

const KEPT = 30;

const drawPdf: Draw = async (file) => (await import("./pdf-page")).firstPage(file);

/** The pictures of files' first pages. The previews are drawn one after the other. At most 30 are kept; beyond that, the oldest
 *  is dropped. */
export class Previews {
  private readonly made = new Map<string, Promise<Blob>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly draw: Draw = drawPdf) {}

  of(path: string, fetch: () => Promise<Blob>): Promise<Blob> {
    const known = this.made.get(path);
    if (known) return known;
    const drawn = this.last.then(async () => this.draw(await fetch()));
    this.last = drawn.catch(() => undefined);
    this.made.set(path, drawn);
    const [oldest] = this.made.keys();
    if (this.made.size > KEPT && oldest !== undefined) this.made.delete(oldest);
    return drawn;
  }
}
