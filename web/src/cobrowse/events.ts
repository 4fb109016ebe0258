/** The events of `@rrweb/record` that co-browsing uses, with the fields that co-browsing reads. No other event leaves the
 *  page. */

/** Kinds of events (`EventType` of rrweb). */
export const FULL = 2;
export const INCREMENTAL = 3;
export const META = 4;

/** Sources of incremental events (`IncrementalSource` of rrweb). */
export const MUTATION = 0;
export const MOUSE = 1;
export const SCROLL = 3;
export const RESIZE = 4;
export const INPUT = 5;
export const TOUCH = 6;
export const RULE = 8;
export const DECLARATION = 13;
export const ADOPTED = 15;

/** Kinds of nodes (`NodeType` of rrweb-snapshot). */
export const DOCUMENT = 0;
export const DOCTYPE = 1;
export const ELEMENT = 2;
export const TEXT = 3;

/** Maps each changed property of a `style` attribute to its new value, to the value with its priority, or to false if the
 *  property was removed. */
export type StyleChange = Record<string, string | [string, string] | false>;
export type Value = string | number | boolean | null | undefined | StyleChange;
/** Returns an attribute's value as text; "" for a value that is not a text. */
export const plain = (value: Value): string =>
  value === null || value === undefined || typeof value === "object" ? "" : String(value);

export type Attributes = Record<string, Value>;

/** A node of a snapshot. The names of the fields are those of rrweb. */
export interface Shot {
  id: number;
  type: number;
  tagName?: string;
  attributes?: Attributes;
  childNodes?: Shot[];
  textContent?: string;
  isSVG?: boolean;
  isShadow?: boolean;
  needBlock?: boolean;
  /** The name of the document type. Only nodes of the type `DOCTYPE` have this field. */
  name?: string;
}

export interface Add {
  parentId: number;
  nextId: number | null;
  node: Shot;
}

export interface Mutation {
  source: typeof MUTATION;
  texts: { id: number; value: string | null }[];
  attributes: { id: number; attributes: Attributes }[];
  removes: { parentId: number; id: number }[];
  adds: Add[];
}

export interface Move {
  source: typeof MOUSE | typeof TOUCH;
  positions: { x: number; y: number; id: number; timeOffset: number }[];
}

export interface Scroll {
  source: typeof SCROLL;
  id: number;
  x: number;
  y: number;
}

export interface Resize {
  source: typeof RESIZE;
  width: number;
  height: number;
}

export interface Input {
  source: typeof INPUT;
  id: number;
  text: string;
  isChecked: boolean;
}

export interface Rule {
  source: typeof RULE;
  id?: number;
  styleId?: number;
  adds?: { rule: string; index?: number | number[] }[];
  removes?: { index: number | number[] }[];
  replace?: string;
  replaceSync?: string;
}

export interface Declaration {
  source: typeof DECLARATION;
  id?: number;
  styleId?: number;
  index: number[];
  set?: { property: string; value: string | null; priority?: string };
  remove?: { property: string };
}

export interface Adopted {
  source: typeof ADOPTED;
  id: number;
  styles?: { styleId: number; rules: { rule: string; index?: number }[] }[];
  styleIds: number[];
}

export type Change = Mutation | Move | Scroll | Resize | Input | Rule | Declaration | Adopted;

export interface Full {
  type: typeof FULL;
  data: { node: Shot; initialOffset: { top: number; left: number } };
}

export interface Meta {
  type: typeof META;
  data: { href: string; width: number; height: number };
}

export interface Incremental {
  type: typeof INCREMENTAL;
  data: Change;
}

export type Seen = Full | Meta | Incremental;
