/**
 * The web worker that blurs the background of a camera picture. It gets frames and sends them back blurred.
 *
 * MediaPipe (Apache 2.0) finds out which pixels show the person and which show the background. Its code is a classic script for
 * pages. So this worker is a classic worker, and imitates the few parts of a page that the script uses. Our content security
 * policy lets this worker compile WebAssembly, and forbids that to our pages (`signaling/server/http/pages.py`). Also, work in a
 * worker delays nothing on the screen.
 */

import type { FromBlurWorker, ToBlurWorker } from "./messages";

/** The part of MediaPipe's Selfie Segmentation that this worker uses. */
interface Segmentation {
  setOptions: (options: { modelSelection: 0 | 1; selfieMode: boolean }) => void;
  onResults: (listener: (results: { segmentationMask: ImageBitmap }) => void) => void;
  initialize: () => Promise<void>;
  send: (inputs: { image: OffscreenCanvas }) => Promise<void>;
}

interface Script {
  setAttribute: (name: string, value: string) => void;
  addEventListener: (kind: string, listener: () => void) => void;
  run: () => void;
}

/** Width and height of the picture that the model reads, in px. */
const MODEL_WIDTH = 256;
const MODEL_HEIGHT = 144;
/** The background is drawn smaller by this factor and then enlarged again. So nobody can recognise a thing in the background that
 *  is smaller than this number of px. */
const COARSE = 20;
const LANDSCAPE = 1;

const scope = self as unknown as Record<string, unknown> & {
  importScripts: (address: string) => void;
  postMessage: (message: FromBlurWorker, transfer?: Transferable[]) => void;
  addEventListener: (kind: "message", listener: (event: MessageEvent<ToBlurWorker>) => void) => void;
  SelfieSegmentation: new (options: { locateFile: (name: string) => string }) => Segmentation;
};

/** Returns an imitation of a script element: it loads and runs its script when it is added to the imitated page. */
function script(): Script {
  let address = "";
  const listeners = new Map<string, () => void>();
  return {
    setAttribute: (name, value) => {
      if (name === "src") address = value;
    },
    addEventListener: (kind, listener) => listeners.set(kind, listener),
    run: () => {
      scope.importScripts(address);
      listeners.get("load")?.();
    },
  };
}

function pretendToBeAPage(): void {
  scope["window"] = scope;
  scope["document"] = {
    createElement: (tag: string) => (tag === "script" ? script() : Object.assign(new OffscreenCanvas(1, 1), { style: {} })),
    body: { appendChild: (added: Partial<Script>) => added.run?.() },
    addEventListener: () => undefined,
  };
}

let segmentation: Segmentation | null = null;
let mask: ImageBitmap | null = null;
const input = new OffscreenCanvas(MODEL_WIDTH, MODEL_HEIGHT);
const coarse = new OffscreenCanvas(1, 1);
const output = new OffscreenCanvas(1, 1);
const context = (canvas: OffscreenCanvas) => canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;

async function load(folder: string): Promise<void> {
  pretendToBeAPage();
  scope.importScripts(`${folder}selfie_segmentation.js`);
  const made = new scope.SelfieSegmentation({ locateFile: (name) => folder + name });
  made.setOptions({ modelSelection: LANDSCAPE, selfieMode: false });
  made.onResults(({ segmentationMask }) => {
    mask?.close();
    mask = segmentationMask;
  });
  await made.initialize();
  segmentation = made;
}

async function blur(frame: ImageBitmap): Promise<ImageBitmap> {
  context(input).drawImage(frame, 0, 0, MODEL_WIDTH, MODEL_HEIGHT);
  await segmentation?.send({ image: input });
  if (mask === null) throw new Error("the model gave no mask");
  const { width, height } = frame;
  if (output.width !== width || output.height !== height) [output.width, output.height] = [width, height];
  const [w, h] = [Math.max(1, Math.round(width / COARSE)), Math.max(1, Math.round(height / COARSE))];
  if (coarse.width !== w || coarse.height !== h) [coarse.width, coarse.height] = [w, h];
  const small = context(coarse);
  small.imageSmoothingQuality = "high";
  small.drawImage(frame, 0, 0, w, h);
  const paper = context(output);
  paper.imageSmoothingQuality = "high";
  paper.globalCompositeOperation = "copy";
  paper.drawImage(mask, 0, 0, width, height); // the alpha of the mask says where the person is
  paper.globalCompositeOperation = "source-in";
  paper.drawImage(frame, 0, 0);
  paper.globalCompositeOperation = "destination-over";
  paper.drawImage(coarse, 0, 0, width, height);
  frame.close();
  return output.transferToImageBitmap();
}

async function answer(message: ToBlurWorker): Promise<void> {
  if ("folder" in message) {
    await load(message.folder);
    scope.postMessage({ ready: true });
  } else if ("wake" in message) setTimeout(() => scope.postMessage({ awake: true }), message.wake);
  else {
    const blurred = await blur(message.frame);
    scope.postMessage({ blurred }, [blurred]);
  }
}

scope.addEventListener("message", ({ data }) => {
  answer(data).catch((error: unknown) => scope.postMessage({ failed: String(error) }));
});
