/** Decides which texts and values of a page are allowed to leave the visitor's browser. */

export type Mode = "strict" | "open";

/** How the texts of a node are treated. The node and its ancestors decide that. `private`: the site forbids that the texts leave
 *  the page. `shared`: the site lets staff read the texts even in strict mode. `edited`: the visitor writes the texts. */
export interface Place {
  private: boolean;
  shared: boolean;
  edited: boolean;
}

export const OUTSIDE: Place = { private: false, shared: false, edited: false };
/** The `Place` of a node that the page no longer has. Texts of such a node are masked. */
export const LOST: Place = { private: true, shared: false, edited: false };

/** Attributes that decide which texts staff are allowed to see. When one of these attributes changes, the recorder takes a new
 *  snapshot. */
export const DECIDING = [
  "data-sangdam-share",
  "data-sangdam-private",
  "contenteditable",
  "type",
  "autocomplete",
  "role",
  "aria-multiline",
];

/** Editors that show the written text in elements that are not editable themselves: CodeMirror, Monaco, Ace, terminals, and all
 *  elements whose role says that people write in them. */
const EDITORS =
  '[role~="textbox" i],[role~="searchbox" i],[aria-multiline="true" i],.cm-editor,.cm-content,.CodeMirror,.monaco-editor,' +
  ".view-lines,.ace_editor,.ql-editor,.ProseMirror,.xterm";

const FIELDS = new Set(["input", "textarea", "select"]);
const BUTTONS = new Set(["button", "submit", "reset"]);
const SECRET = /(^|\s)(cc-[a-z-]+|one-time-code|current-password|new-password)(\s|$)/i;

/** Fields that have ever been secret. They stay secret, because a page can later change such a field. It can turn a password
 *  field into a text field to show the password to the visitor, or change `autocomplete` so that the browser fills nothing in.
 *  This set and `edited` are kept when a recording ends, because a recording ends whenever no member of staff sees the page. */
const secrets = new WeakSet<Element>();
/** Elements whose texts people have ever been able to edit. What people wrote is still in the element when the page ends the
 *  editing. */
const edited = new WeakSet<Element>();
/** The attribute with which the recorder itself marks password fields. */
const WAS_PASSWORD = "data-rr-is-password";

export const isField = (element: Element): boolean => FIELDS.has(element.localName);

/** Returns whether the element's `value` is the label of a button. */
export const isButton = (element: Element): boolean =>
  element.localName === "input" && BUTTONS.has((element.getAttribute("type") ?? "").toLowerCase());

function isEdited(element: Element): boolean {
  const editable = element.getAttribute("contenteditable");
  const now =
    (editable !== null && editable.toLowerCase() !== "false") ||
    element.localName === "textarea" ||
    element.matches(EDITORS) ||
    (element as Partial<HTMLElement>).isContentEditable === true;
  if (now) edited.add(element);
  return edited.has(element);
}

export class Rules {
  /** The fields whose values the visitor has chosen to show. */
  private readonly shown = new WeakSet<Element>();
  constructor(readonly mode: Mode) {}

  /** Returns the `Place` of a node: what the attributes of the node and of its ancestors say about its texts. */
  placeOf(node: Node | null): Place {
    if (!node) return LOST;
    const parent = node.parentNode ?? (node as Partial<ShadowRoot>).host ?? null;
    const above = parent ? this.placeOf(parent) : OUTSIDE;
    return this.within(above, node);
  }

  /** Returns the `Place` of a node whose parent has the `Place` `above`. */
  within(above: Place, node: Node): Place {
    const slot = (node as Partial<Element>).assignedSlot;
    const element = node.nodeType === 1 ? (node as Element) : null;
    if (!slot && !element) return above;
    const there = slot ? this.placeOf(slot) : OUTSIDE;
    return {
      private: above.private || there.private || element?.hasAttribute("data-sangdam-private") === true,
      shared: above.shared || there.shared || element?.hasAttribute("data-sangdam-share") === true,
      edited: above.edited || there.edited || (element !== null && isEdited(element)),
    };
  }

  /** Returns whether the texts of a node with this `Place` must be masked. */
  masks(place: Place): boolean {
    return place.private || place.edited || (this.mode === "strict" && !place.shared);
  }

  /** Returns whether this place is sealed: besides its texts, its pictures and addresses and the pointer's positions must not
   *  leave the page either. The place can show a QR code or a keypad. */
  seals(place: Place): boolean {
    return place.private || place.edited;
  }

  /** Returns whether a field's value is so secret that not even its length is allowed to leave the page. This is so for
   *  passwords, payment cards and one-time codes. */
  isSecret(field: Element): boolean {
    const isPassword = (field.getAttribute("type") ?? "").toLowerCase() === "password";
    const isNow = isPassword || field.hasAttribute(WAS_PASSWORD) || SECRET.test(field.getAttribute("autocomplete") ?? "");
    if (isNow) secrets.add(field);
    return secrets.has(field);
  }

  /** Remembers an element if it is a secret field or an editor now. Without this call, the rules would miss an element that is a
   *  secret field or an editor only for a moment between two snapshots. */
  note(element: Element): void {
    if (isField(element)) this.isSecret(element);
    isEdited(element);
  }

  /** Returns whether the visitor is allowed to show this field's value. */
  mayShow(field: Element): boolean {
    return isField(field) && !isButton(field) && !this.isSecret(field) && !this.placeOf(field).private;
  }

  /** Shows staff the value of a field, if the visitor is allowed to show it, or hides the value from staff. */
  show(field: Element, on: boolean): void {
    if (on && this.mayShow(field)) this.shown.add(field);
    else this.shown.delete(field);
  }

  shows(field: Element): boolean {
    return this.shown.has(field) && this.mayShow(field);
  }

  /** Returns a field's value as it is allowed to leave the page: unchanged if the visitor shows it to staff, otherwise as dots or
   *  "". */
  value(field: Element, value: string): string {
    if (this.isSecret(field)) return "";
    // a mask of the chosen option's text would have the length of that text, which could tell which option it is
    if (field.localName === "select" && !this.shows(field)) return "";
    return this.shows(field) ? value : masked(value);
  }
}

/** Returns a text of the same shape in which each visible character is a dot. */
export const masked = (text: string): string => text.replace(/[^\s]/gu, "•");
