import { ChunkEncoder, quantize, type Point } from "./strokes";

/**
 * A stroke with this many points continues as a new element of the document. The last point of the old element is also the first
 * point of the new one, so that the line has no gap.
 */
const STROKE_POINTS_MOST = 4000;

/** A stroke while the pen is down. Every 33 ms and at the end, `flush` packs the new points and writes them to the document. */
export class Drawing {
  private encoder: ChunkEncoder;
  private id = "";
  private count = 1;

  constructor(
    private readonly write: (at: Point | string, chunk: Uint8Array | null) => string,
    private start: Point,
  ) {
    this.start = [quantize(start[0]), quantize(start[1])];
    this.encoder = new ChunkEncoder(...this.start);
    this.id = write(this.start, null);
  }

  add(x: number, y: number): void {
    if (this.count >= STROKE_POINTS_MOST) this.goOn(x, y);
    this.encoder.add(x, y);
    this.count += 1;
  }

  flush(): void {
    const chunk = this.encoder.take();
    if (chunk) this.write(this.id, chunk);
  }

  private goOn(x: number, y: number): void {
    this.encoder.add(x, y);
    this.flush();
    this.start = [quantize(x), quantize(y)];
    this.encoder = new ChunkEncoder(...this.start);
    this.id = this.write(this.start, null);
    this.count = 1;
  }
}
