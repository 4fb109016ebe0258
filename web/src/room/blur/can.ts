/** Whether this browser has what the blur needs. */
export const canBlur = (): boolean =>
  typeof OffscreenCanvas !== "undefined" && typeof WebAssembly !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
