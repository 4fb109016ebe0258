/** Whether this browser has the functions that the blur needs. */
export const canBlur = (): boolean =>
  typeof OffscreenCanvas !== "undefined" && typeof WebAssembly !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
