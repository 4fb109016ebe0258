// This is `widget-api.js`, a module for pages that contain the snippet. The module adds the functions `on`, `identify` and
// `launcher` to window.Sangdam, and exports them, too.
import { connect } from "./api";

const widget = connect(new URL(import.meta.url).origin);
widget.on("ready", () => {
  const { on, identify, launcher } = widget;
  Object.assign((window as unknown as { Sangdam: object }).Sangdam, { on, identify, launcher });
});

export const { on, open, close, identify, launcher } = widget;
