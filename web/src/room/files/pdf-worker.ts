/** The worker of pdf.js. It serves as soon as it is imported. */
import "pdfjs-dist/legacy/build/pdf.worker.min.mjs";
