/** The web worker that runs pdf.js. Importing pdf.js's worker code starts it. */
import "pdfjs-dist/legacy/build/pdf.worker.min.mjs";
