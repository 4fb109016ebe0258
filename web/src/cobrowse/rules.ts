/** Which texts and values of a page may leave the visitor's browser. */

export type Mode = "strict" | "open";

/** What the ancestors of a node say about its texts.
 *  `private`: the site keeps them in the page. `shared`: the site shows them in strict mode. `edited`: the visitor writes them. */
export interface Place {
  private: boolean;
  shared: boolean;
  edited: boolean;
}

export const OUTSIDE: Place = { private: false, shared: false, edited: false };
/** The place of a node that the page no longer has. Its texts are masked. */
export const LOST: Place = { private: true, shared: false, edited: false };

/** Attributes by which a change decides anew what may be shown. The recorder then takes a new snapshot. */
export const DECIDING = ["data-sangdam-share", "data-sangdam-private", "contenteditable", "type", "autocomplete"];

const FIELDS = new Set(["input", "textarea", "select"]);
const BUTTONS = new Set(["button", "submit", "reset"]);
const SECRET = /(^|\s)(cc-[a-z-]+|one-time-code|current-password|new-password)(\s|$)/i;

/** Fields that have ever been password fields: a page may turn one into a text field to show its value to the visitor. Known
 *  beyond one recording, which ends whenever nobody looks. */
const passwords = new WeakSet<Element>();
/** The recorder's own mark at such a field. */
const WAS_PASSWORD = "data-rr-is-password";

export const isField = (element: Element): boolean => FIELDS.has(element.localName);

/** Returns whether the element's `value` is the label of a button. */
export const isButton = (element: Element): boolean =>
  element.localName === "input" && BUTTONS.has((element.getAttribute("type") ?? "").toLowerCase());

function isEdited(element: Element): boolean {
  const editable = element.getAttribute("contenteditable");
  if (editable !== null && editable.toLowerCase() !== "false") return true;
  return element.localName === "textarea" || (element as Partial<HTMLElement>).isContentEditable === true;
}

export class Rules {
  /** The fields whose values the visitor has shown. */
  private readonly shown = new WeakSet<Element>();
  constructor(readonly mode: Mode) {}

  /** Returns what may be shown of the texts of a node, from the node's place in the document. */
  placeOf(node: Node | null): Place {
    if (!node) return LOST;
    const parent = node.parentNode ?? (node as Partial<ShadowRoot>).host ?? null;
    const above = parent ? this.placeOf(parent) : OUTSIDE;
    return this.within(above, node);
  }

  /** Returns the place of a node whose parent has the place `above`. */
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

  /** Returns whether the texts at this place must be masked. */
  masks(place: Place): boolean {
    return place.private || place.edited || (this.mode === "strict" && !place.shared);
  }

  /** Returns whether not even pictures, addresses and the pointer may leave this place: a code to scan, a keypad on the screen. */
  seals(place: Place): boolean {
    return place.private || place.edited;
  }

  /** Returns whether nothing of a field's value may leave the page, not even its length: passwords, payment, one-time codes. */
  isSecret(field: Element): boolean {
    const isPassword = (field.getAttribute("type") ?? "").toLowerCase() === "password";
    if (isPassword || field.hasAttribute(WAS_PASSWORD)) passwords.add(field);
    return passwords.has(field) || SECRET.test(field.getAttribute("autocomplete") ?? "");
  }

  /** Returns whether the visitor may show this field's value. */
  mayShow(field: Element): boolean {
    return isField(field) && !isButton(field) && !this.isSecret(field) && !this.placeOf(field).private;
  }

  /** Shows or hides the value of a field, if the visitor may show it. */
  show(field: Element, on: boolean): void {
    if (on && this.mayShow(field)) this.shown.add(field);
    else this.shown.delete(field);
  }

  shows(field: Element): boolean {
    return this.shown.has(field) && this.mayShow(field);
  }

  /** Returns what may leave the page of a field's value. */
  value(field: Element, value: string): string {
    if (this.isSecret(field)) return "";
    if (field.localName === "select" && !this.shows(field)) return ""; // the length of a choice tells which one it is
    return this.shows(field) ? value : masked(value);
  }
}

/** Returns a text of the same shape that says nothing: each visible character becomes a dot. */
export const masked = (text: string): string => text.replace(/[^\s]/gu, "•");
