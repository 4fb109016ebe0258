// `widget-api.js`, a module for pages that have the snippet: gives `Sangdam.on`, `identify` and `launcher` to window.Sangdam, and
// exports the same functions.
import { connect } from "./api";

const widget = connect(new URL(import.meta.url).origin);
widget.on("ready", () => {
  const { on, identify, launcher } = widget;
  Object.assign((window as unknown as { Sangdam: object }).Sangdam, { on, identify, launcher });
});

export const { on, open, close, identify, launcher } = widget;
