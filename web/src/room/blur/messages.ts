/** The messages between a page and its blur worker. */

export type ToBlurWorker =
  /** `folder`: the address of MediaPipe's files. Answered by `ready`. */
  | { folder: string }
  /** Asks for `awake` after so many ms. A worker's timers also run on time while the page is hidden. */
  | { wake: number }
  /** One frame of the camera, answered by `blurred`. */
  | { frame: ImageBitmap };

export type FromBlurWorker = { ready: true } | { awake: true } | { blurred: ImageBitmap } | { failed: string };
