/** The messages between a page and its blur worker. */

export type ToBlurWorker =
  /** Starts the worker, which answers with `ready`. `folder`: the address of MediaPipe's files. */
  | { folder: string }
  /** Asks the blur's web worker to answer `awake` after this many ms. Unlike a page's timers, a web worker's timers run on time
   *  while the page is hidden. */
  | { wake: number }
  /** One frame of the camera. The worker answers with `blurred`. */
  | { frame: ImageBitmap };

export type FromBlurWorker = { ready: true } | { awake: true } | { blurred: ImageBitmap } | { failed: string };
