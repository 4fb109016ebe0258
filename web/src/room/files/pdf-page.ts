/** Draws the first page of a PDF with pdf.js. This file and pdf.js load when the first PDF is on the screen. */

import { AnnotationMode, getDocument, PDFWorker } from "pdfjs-dist/legacy/build/pdf.mjs";

const WIDTH = 640; // px: twice the width at which the conversation shows it
const TALLEST = 400; // px of the page's upper part
const PATIENCE_MS = 8_000;
const LARGEST_IMAGE = 16_000_000; // pixels of an image in the page; a larger one is left out

/**
 * Returns a picture of the upper part of the first page. Rejects for a file that is damaged, locked or too costly.
 *
 * A strange PDF is read in a worker of its own, which ends after `PATIENCE_MS`. Nothing in it can run code or fetch anything: this
 * version of pdf.js has no eval, and forms, annotations and addresses are left out.
 */
export async function firstPage(pdf: Blob): Promise<Blob> {
  const port = new Worker(new URL("./pdf-worker.ts", import.meta.url), { type: "module" });
  const worker = new PDFWorker({ port: port as unknown as null });
  const loading = getDocument({
    data: new Uint8Array(await pdf.arrayBuffer()),
    worker,
    useWasm: false,
    useWorkerFetch: false,
    enableXfa: false,
    stopAtErrors: true,
    maxImageSize: LARGEST_IMAGE,
    verbosity: 0,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the PDF takes too long")), PATIENCE_MS);
  });
  try {
    return await Promise.race([drawn(loading.promise), late]);
  } finally {
    clearTimeout(timer);
    void loading.destroy().catch(() => undefined);
    port.terminate();
  }
}

async function drawn(loading: ReturnType<typeof getDocument>["promise"]): Promise<Blob> {
  const page = await (await loading).getPage(1);
  const { width, height } = page.getViewport({ scale: 1 });
  if (!(width > 0 && height > 0 && width < 1e6 && height < 1e6)) throw new Error("the page has no size");
  const viewport = page.getViewport({ scale: WIDTH / width });
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = Math.max(1, Math.min(TALLEST, Math.round(viewport.height)));
  const task = page.render({ canvas, viewport, background: "#fff", annotationMode: AnnotationMode.DISABLE });
  await task.promise;
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the page cannot be drawn"))));
  });
}
