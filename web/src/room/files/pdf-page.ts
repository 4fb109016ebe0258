/** Draws pages of a PDF with pdf.js. The page loads this file and pdf.js when the first PDF appears on the screen or is put on
 *  the board. */

import { AnnotationMode, getDocument, PDFWorker, version } from "pdfjs-dist/legacy/build/pdf.mjs";

const WIDTH = 640; // px of a preview: twice the width at which the conversation shows it
const TALLEST = 400; // px; a preview shows at most this much of the page's height
const QUALITY = 0.92;
const PATIENCE_MS = 8_000;
const LARGEST_IMAGE = 16_000_000; // largest number of pixels of an image in a PDF's page; a larger image is left out
/** The folder into which `web/build.mjs` puts the data of pdf.js. If a PDF needs none of these files, none is loaded. */
const DATA = `/assets/pdfjs-${version}`;

type Document = Awaited<ReturnType<typeof getDocument>["promise"]>;

/** Returns a picture of the upper part of the first page. Rejects for a file that is damaged, locked or too costly. */
export const firstPage = (pdf: Blob): Promise<Blob> =>
  withDocument(pdf, PATIENCE_MS, (document) => drawn(document, 1, ({ width }) => WIDTH / width, TALLEST));

/** Draws the first `most` pages of a PDF, one after the other, and passes each picture to `take`. `side`: the longer side of a
 *  picture, in px. Returns how many pages the PDF has. Rejects for a file that is damaged, locked or too costly, and when `take`
 *  rejects. */
export function eachPage(pdf: Blob, most: number, side: number, take: (page: Blob, n: number) => Promise<void>): Promise<number> {
  return withDocument(pdf, 2 * PATIENCE_MS * most, async (document) => {
    for (let n = 1; n <= Math.min(most, document.numPages); n++) {
      const scale = ({ width, height }: Size) => side / Math.max(width, height);
      await take(await drawn(document, n, scale, side), n);
    }
    return document.numPages;
  });
}

interface Size {
  width: number;
  height: number;
}

/**
 * Reads a PDF, and passes it to `use`. Rejects if reading and `use` together take longer than `patienceMs`.
 *
 * A PDF from a stranger is read in a worker of its own, which ends with this function. Nothing in the PDF can run code or fetch
 * anything: this version of pdf.js has no eval, and forms, annotations and addresses are left out. Only files of pdf.js itself
 * are fetched.
 */
async function withDocument<T>(pdf: Blob, patienceMs: number, use: (document: Document) => Promise<T>): Promise<T> {
  const port = new Worker(new URL("./pdf-worker.ts", import.meta.url), { type: "module" });
  const worker = new PDFWorker({ port: port as unknown as null });
  const loading = getDocument({
    data: new Uint8Array(await pdf.arrayBuffer()),
    worker,
    // Data for texts whose fonts are not in the PDF: tables that say which character a number in the PDF stands for (Korean,
    // Japanese, Chinese), and fonts of symbols. All other missing fonts are replaced by fonts of the system.
    cMapUrl: `${DATA}/cmaps/`,
    standardFontDataUrl: `${DATA}/standard_fonts/`,
    wasmUrl: `${DATA}/wasm/`, // the folder of the decoders for scanned pages: JBIG2 and JPEG 2000
    useWorkerFetch: false, // the worker is not allowed to fetch anything, so this page fetches for the worker
    enableXfa: false,
    stopAtErrors: true,
    maxImageSize: LARGEST_IMAGE,
    verbosity: 0,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the PDF takes too long")), patienceMs);
  });
  try {
    return await Promise.race([loading.promise.then(use), late]);
  } finally {
    clearTimeout(timer);
    void loading.destroy().catch(() => undefined);
    port.terminate();
  }
}

/**
 * Returns a picture of a page's upper part, at most `tallest` px high. `scaleFor`: returns, for the size of a page, how many px
 * each point (1/72 inch) of the page gets.
 */
async function drawn(pdf: Document, number: number, scaleFor: (size: Size) => number, tallest: number): Promise<Blob> {
  const page = await pdf.getPage(number);
  const { width, height } = page.getViewport({ scale: 1 });
  if (!(width > 0 && height > 0 && width < 1e6 && height < 1e6)) throw new Error("the page has no size");
  const viewport = page.getViewport({ scale: scaleFor({ width, height }) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(viewport.width));
  canvas.height = Math.max(1, Math.min(tallest, Math.round(viewport.height)));
  const task = page.render({ canvas, viewport, background: "#fff", annotationMode: AnnotationMode.DISABLE });
  await task.promise;
  return await new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error("the page cannot be drawn")));
    canvas.toBlob(done, "image/jpeg", QUALITY);
  });
}
