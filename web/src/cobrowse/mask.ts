/** Masks the events of the recorder before they leave the page. Events and fields that this module does not know are left out. */

import { cleanAttributes, sheetLimits } from "./attributes";
import {
  ADOPTED,
  type Adopted,
  type Change,
  DECLARATION,
  type Declaration,
  DOCTYPE,
  DOCUMENT,
  ELEMENT,
  FULL,
  INCREMENTAL,
  INPUT,
  META,
  MOUSE,
  type Move,
  MUTATION,
  type Mutation,
  RESIZE,
  RULE,
  type Rule,
  SCROLL,
  type Seen,
  type Shot,
  TEXT,
  TOUCH,
} from "./events";
import { isField, LOST, masked, OUTSIDE, type Place, type Rules } from "./rules";
import { cleanCss, cleanUrl, type Limits } from "./urls";

export interface Mirror {
  /** Returns the node of the page with this id; null if the page no longer has it. */
  getNode: (id: number) => Node | null;
}

/** An event of the recorder, before it is masked. */
export interface Recorded {
  type: number;
  data?: unknown;
}

/** Elements whose content is never a part of what people see. */
const UNSEEN = new Set(["script", "noscript", "template", "meta", "base", "object", "embed", "iframe", "frame"]);

/** Returns the event in the form in which it is allowed to leave the page; null if it must not leave. */
export function mask(event: Recorded, rules: Rules, mirror: Mirror): Seen | null {
  if (event.type === META) {
    const { href, width, height } = event.data as { href: string; width: number; height: number };
    const limits = { bare: rules.mode === "strict", wordless: rules.mode === "strict" };
    return { type: META, data: { href: cleanUrl(href, limits), width, height } };
  }
  if (event.type === FULL) {
    const { node, initialOffset } = event.data as { node: Shot; initialOffset: { top: number; left: number } };
    return { type: FULL, data: { node: maskNode(node, OUTSIDE, rules, mirror), initialOffset } };
  }
  if (event.type !== INCREMENTAL) return null;
  const data = maskChange(event.data as Change, rules, mirror);
  return data && { type: INCREMENTAL, data };
}

/** Returns whether a node is in a frame of the page. The recorder reads frames of the same origin after they have loaded, but
 *  staff see every frame as a grey box. */
function isFramed(id: number | undefined, mirror: Mirror): boolean {
  const node = id === undefined ? null : mirror.getNode(id);
  return node !== null && (node.nodeType === Node.DOCUMENT_NODE ? node : node.ownerDocument) !== document;
}

function maskChange(data: Change, rules: Rules, mirror: Mirror): Change | null {
  if ("id" in data && isFramed(data.id, mirror)) return null;
  switch (data.source) {
    case MUTATION:
      return maskMutation(data, rules, mirror);
    case MOUSE:
    case TOUCH:
      return maskMove(data, rules, mirror);
    case SCROLL:
      return { source: SCROLL, id: data.id, x: data.x, y: data.y };
    case RESIZE:
      return { source: RESIZE, width: data.width, height: data.height };
    case INPUT: {
      const field = mirror.getNode(data.id) as Element | null;
      if (!field || !isField(field)) return null;
      const shown = rules.shows(field);
      return { source: INPUT, id: data.id, text: fieldText(field, data.text, rules), isChecked: shown && data.isChecked };
    }
    case RULE:
      return maskRule(data, sheetOf(data.id, rules, mirror));
    case DECLARATION:
      return maskDeclaration(data, sheetOf(data.id, rules, mirror));
    case ADOPTED:
      return maskAdopted(data, sheetOf(data.id, rules, mirror));
    default:
      return null;
  }
}

const BOXES = ["checkbox", "radio", "hidden", "file"];

/** Returns a field's text in the form in which it is allowed to leave the page; "" for checkboxes, radio buttons, file fields and
 *  hidden fields, because nobody types their values. */
function fieldText(field: Element, text: string, rules: Rules): string {
  return BOXES.includes((field.getAttribute("type") ?? "").toLowerCase()) ? "" : rules.value(field, text);
}

/** Returns a node of a snapshot in the form in which it is allowed to leave the page. `above`: the `Place` of the node's parent,
 *  which says how texts in the parent are treated. */
function maskNode(shot: Shot, above: Place, rules: Rules, mirror: Mirror): Shot {
  const { id, type } = shot;
  const node = mirror.getNode(id);
  const place = node ? rules.within(above, node) : LOST;
  const shadow = shot.isShadow === true ? { isShadow: true } : {};
  if (type === TEXT) return { id, type, textContent: textOf(shot.textContent ?? "", node, place, rules), ...shadow };
  if (type === DOCTYPE) return { id, type, name: "html" };
  if (type !== ELEMENT && type !== DOCUMENT) return { id, type: TEXT, textContent: "", ...shadow };
  const kept: Shot = { id, type, ...shadow };
  if (type === ELEMENT) {
    if (node) rules.isSecret(node as Element); // the result is not used: the call only remembers the field if it is secret now
    kept.tagName = shot.tagName;
    kept.attributes = node ? cleanAttributes(shot.attributes ?? {}, { rules, element: node as Element, place }) : {};
    if (shot.isSVG) kept.isSVG = true;
    if (shot.needBlock) kept.needBlock = true;
    if (shot.needBlock || UNSEEN.has(shot.tagName ?? "") || shot.tagName === "textarea") return { ...kept, childNodes: [] };
  }
  kept.childNodes = (shot.childNodes ?? []).map((child) => maskNode(child, place, rules, mirror));
  return kept;
}

function textOf(text: string, node: Node | null, place: Place, rules: Rules): string {
  const parent = (node?.parentNode as Partial<Element> | null | undefined)?.localName ?? "";
  if (!node || UNSEEN.has(parent) || parent === "textarea") return "";
  if (parent === "style") return cleanCss(text, sheetLimits(rules, place));
  return rules.masks(place) ? masked(text) : text;
}

/** Returns the limits for the addresses in the style sheet of the element with this id. Without an id, the sheet belongs to no
 *  element. */
function sheetOf(id: number | undefined, rules: Rules, mirror: Mirror): Limits {
  const owner = id === undefined ? null : mirror.getNode(id);
  return sheetLimits(rules, owner ? rules.placeOf(owner) : OUTSIDE);
}

/** Returns the pointer's positions that staff are allowed to see; null if there are none. Positions over a frame are left out. So
 *  are positions over a place for which `Rules.seals` is true: they could show which keys of a keypad are pressed. */
function maskMove({ source, positions }: Move, rules: Rules, mirror: Mirror): Move | null {
  const open = positions.filter(({ id }) => !isFramed(id, mirror) && !rules.seals(rules.placeOf(mirror.getNode(id))));
  if (open.length === 0) return null;
  return { source, positions: open.map(({ x, y, id, timeOffset }) => ({ x, y, id, timeOffset })) };
}

function maskMutation(data: Mutation, rules: Rules, mirror: Mirror): Mutation {
  const places = new Map<Node, Place>();
  const placeOf = (node: Node | null): Place => {
    if (!node) return LOST;
    const known = places.get(node) ?? rules.placeOf(node);
    places.set(node, known);
    return known;
  };
  const seen = ({ id }: { id: number }) => !isFramed(id, mirror);
  return {
    source: MUTATION,
    texts: data.texts.filter(seen).map(({ id, value }) => {
      const node = mirror.getNode(id);
      const place = node?.parentNode ? rules.within(placeOf(node.parentNode), node) : LOST;
      return { id, value: textOf(value ?? "", node, place, rules) };
    }),
    attributes: data.attributes.filter(seen).flatMap(({ id, attributes }) => {
      const element = mirror.getNode(id) as Element | null;
      if (!element) return [];
      const clean = cleanAttributes(attributes, { rules, element, place: placeOf(element) });
      return Object.keys(clean).length > 0 ? [{ id, attributes: clean }] : [];
    }),
    removes: data.removes.map(({ parentId, id }) => ({ parentId, id })),
    adds: data.adds
      .filter(({ node }) => seen(node))
      .map(({ parentId, nextId, node }) => ({
        parentId,
        nextId,
        node: maskNode(node, placeOf(mirror.getNode(parentId)), rules, mirror),
      })),
  };
}

function maskRule(data: Rule, limits: Limits): Rule {
  const clean = (text: string) => cleanCss(text, limits);
  return {
    source: RULE,
    id: data.id,
    styleId: data.styleId,
    adds: data.adds?.map(({ rule, index }) => ({ rule: clean(rule), index })),
    removes: data.removes?.map(({ index }) => ({ index })),
    replace: data.replace === undefined ? undefined : clean(data.replace),
    replaceSync: data.replaceSync === undefined ? undefined : clean(data.replaceSync),
  };
}

function maskDeclaration(data: Declaration, limits: Limits): Declaration {
  const { set, remove } = data;
  return {
    source: DECLARATION,
    id: data.id,
    styleId: data.styleId,
    index: data.index,
    set: set && {
      property: set.property,
      value: set.value === null ? null : cleanCss(set.value, limits, set.property),
      priority: set.priority,
    },
    remove: remove && { property: remove.property },
  };
}

function maskAdopted(data: Adopted, limits: Limits): Adopted {
  return {
    source: ADOPTED,
    id: data.id,
    styles: data.styles?.map(({ styleId, rules: those }) => ({
      styleId,
      rules: those.map(({ rule, index }) => ({ rule: cleanCss(rule, limits), index })),
    })),
    styleIds: data.styleIds,
  };
}
