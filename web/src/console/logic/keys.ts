/**
 * The keys of all actions, in one table. The key handler, the help list and the hints on buttons all read this table.
 *
 * Keys are recognised by their position (`KeyboardEvent.code`), so that they work while a Korean keyboard types Hangul.
 */
export type Action =
  | "accept"
  | "accept_writing"
  | "decline"
  | "mute_ring"
  | "state"
  | "chat"
  | "find"
  | "audience"
  | "mic"
  | "camera"
  | "screen"
  | "view"
  | "side"
  | "hold"
  | "help"
  | "transfer"
  | "join"
  | "consultation"
  | "whisper"
  | "conference"
  | "hear_user"
  | "hand_over"
  | "end"
  | "leave"
  | "notes"
  | "next_session"
  | "previous_session"
  | "messages"
  | "settings"
  | "keys";

export interface Binding {
  action: Action;
  /** The key's position on the keyboard, as in `KeyboardEvent.code`. */
  code: string;
  shift?: boolean;
  /** Whether the action needs Alt with this key. Such an action also runs while the person is writing. */
  alt?: boolean;
  /** The name of the key, as the page shows it. */
  label: string;
  group: "call" | "room" | "help" | "console";
}

export const BINDINGS: readonly Binding[] = [
  { action: "accept", code: "Enter", label: "Enter", group: "call" },
  { action: "accept_writing", code: "Enter", alt: true, label: "Alt Enter", group: "call" },
  { action: "decline", code: "KeyX", label: "X", group: "call" },
  { action: "mute_ring", code: "KeyQ", label: "Q", group: "call" },
  { action: "mic", code: "KeyM", label: "M", group: "room" },
  { action: "camera", code: "KeyV", label: "V", group: "room" },
  { action: "screen", code: "KeyS", label: "S", group: "room" },
  { action: "view", code: "KeyB", label: "B", group: "room" },
  { action: "side", code: "KeyI", label: "I", group: "room" },
  { action: "hold", code: "KeyK", label: "K", group: "room" },
  { action: "chat", code: "KeyC", label: "C", group: "room" },
  { action: "find", code: "KeyF", label: "F", group: "room" },
  { action: "audience", code: "KeyT", label: "T", group: "room" },
  { action: "notes", code: "KeyN", label: "N", group: "room" },
  { action: "end", code: "KeyE", shift: true, label: "⇧ E", group: "room" },
  { action: "leave", code: "KeyL", shift: true, label: "⇧ L", group: "room" },
  { action: "help", code: "KeyH", label: "H", group: "help" },
  { action: "transfer", code: "KeyP", label: "P", group: "help" },
  { action: "join", code: "KeyJ", label: "J", group: "help" },
  { action: "consultation", code: "Digit1", label: "1", group: "help" },
  { action: "whisper", code: "Digit2", label: "2", group: "help" },
  { action: "conference", code: "Digit3", label: "3", group: "help" },
  { action: "hear_user", code: "KeyU", label: "U", group: "help" },
  { action: "hand_over", code: "KeyO", label: "O", group: "help" },
  { action: "state", code: "KeyA", label: "A", group: "console" },
  { action: "next_session", code: "BracketRight", label: "]", group: "console" },
  { action: "previous_session", code: "BracketLeft", label: "[", group: "console" },
  { action: "messages", code: "KeyG", label: "G", group: "console" },
  { action: "settings", code: "Comma", label: ",", group: "console" },
  { action: "keys", code: "Slash", shift: true, label: "?", group: "console" },
];

/** The keys of the message box, as [what the key does, the key's name on the page]. The key that opens the emoji list depends on
 *  the system. */
export function writingKeys(userAgent: string): [key: "send" | "row" | "replies" | "mention" | "emoji", label: string][] {
  const emoji = /Mac/.test(userAgent) ? "⌃ ⌘ Space" : /Windows/.test(userAgent) ? "⊞ ." : "";
  return [
    ["send", "Enter"],
    ["row", "⇧ Enter"],
    ["replies", "/"],
    ["mention", "@"],
    ...(emoji ? [["emoji", emoji] as ["emoji", string]] : []),
  ];
}

const BY_ACTION = new Map(BINDINGS.map((binding) => [binding.action, binding]));

export function keyLabel(action: Action): string {
  return BY_ACTION.get(action)?.label ?? "";
}

/** The parts of a KeyboardEvent that this file uses. */
export interface Press {
  code: string;
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** Where the focus is. `typing`: in a text field. `onControl`: on a button or link, which must get Enter
 *  itself. */
export interface Focus {
  typing: boolean;
  onControl: boolean;
  dialogOpen: boolean;
}

export function actionOf(press: Press, focus: Focus): Action | null {
  if (press.ctrlKey || press.metaKey || press.repeat || press.isComposing || focus.dialogOpen) return null;
  if (press.altKey) return BINDINGS.find((one) => one.alt && one.code === press.code && !press.shiftKey)?.action ?? null;
  if (focus.typing) return null;
  if (press.key === "?") return "keys";
  const binding = BINDINGS.find((one) => !one.alt && one.code === press.code && (one.shift ?? false) === press.shiftKey);
  if (binding === undefined) return null;
  if (binding.code === "Enter" && focus.onControl) return null;
  return binding.action;
}

/** Whether this key press in a form's text field sends the form. Ctrl+Enter and Command+Enter send it. */
export const sendsForm = (press: Pick<Press, "key" | "ctrlKey" | "metaKey" | "isComposing">): boolean =>
  press.key === "Enter" && (press.ctrlKey || press.metaKey) && !press.isComposing;
