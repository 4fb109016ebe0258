/** Writes a PDF whose pages are pictures (ISO 32000-1). Pure. A library for this would be larger than the board. */

export interface PicturePage {
  jpeg: Uint8Array;
  width: number;
  height: number;
}

/** Length of the longer side of a page of the PDF, in points: that of A4. */
const LONG_SIDE = 842;

/** Returns the bytes of a PDF with one page for each picture. */
export function picturesAsPdf(pages: PicturePage[]): Uint8Array<ArrayBuffer> {
  const file = new Writer();
  file.text("%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n");
  const pageId = (i: number) => 3 + 3 * i;
  file.object(1, "<< /Type /Catalog /Pages 2 0 R >>");
  file.object(2, `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, i) => `${pageId(i)} 0 R`).join(" ")}] >>`);
  pages.forEach(({ jpeg, width, height }, i) => {
    const [content, picture] = [pageId(i) + 1, pageId(i) + 2];
    const scale = LONG_SIDE / Math.max(width, height);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    const place = `q ${w} 0 0 ${h} 0 0 cm /P Do Q`;
    file.object(
      pageId(i),
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${w} ${h}] /Contents ${content} 0 R /Resources << /XObject << /P ${picture} 0 R >> >> >>`,
    );
    file.stream(content, `<< /Length ${place.length} >>`, new TextEncoder().encode(place));
    const kind = "/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode";
    file.stream(picture, `<< ${kind} /Width ${width} /Height ${height} /Length ${jpeg.length} >>`, jpeg);
  });
  return file.end();
}

class Writer {
  private readonly parts: Uint8Array[] = [];
  private readonly starts: number[] = [];
  private length = 0;

  /** Appends a text to the file as Latin-1, one byte a character. */
  text(text: string): void {
    this.bytes(Uint8Array.from(text, (one) => one.charCodeAt(0)));
  }

  object(id: number, body: string): void {
    this.starts[id] = this.length;
    this.text(`${id} 0 obj\n${body}\nendobj\n`);
  }

  stream(id: number, head: string, data: Uint8Array): void {
    this.starts[id] = this.length;
    this.text(`${id} 0 obj\n${head}\nstream\n`);
    this.bytes(data);
    this.text("\nendstream\nendobj\n");
  }

  /** Appends the PDF's cross-reference table. Returns the bytes of the whole file. */
  end(): Uint8Array<ArrayBuffer> {
    const table = this.length;
    const rows = this.starts.slice(1).map((start) => `${String(start).padStart(10, "0")} 00000 n \n`);
    const count = rows.length + 1;
    this.text(
      `xref\n0 ${count}\n0000000000 65535 f \n${rows.join("")}trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`,
    );
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private bytes(data: Uint8Array): void {
    this.parts.push(data);
    this.length += data.length;
  }
}
