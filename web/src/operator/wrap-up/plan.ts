/** A site's wrap-up plan (outcomes, tags, templates): the rules of its editor, and the HTTP calls. */
import { get, post } from "../../staff/api";
import { locale, type Choice } from "../../ui";

export type Names = Record<string, string>;

export interface Outcome {
  id: string;
  names: Names;
  parent: string | null;
  /** The categories in which the outcome is offered; an empty list means all. */
  categories: string[];
}

export interface Tag {
  id: string;
  names: Names;
}

export interface Template {
  title: string;
  text: string;
  categories: string[];
}

export interface Plan {
  outcomes: Outcome[];
  /** Categories in which staff must choose an outcome; "*" stands for all. */
  required: string[];
  tags: Tag[];
  templates: Template[];
}

export interface SitePlan {
  id: string;
  name: string;
  languages: string[];
  categories: { id: string; name: string }[];
  /** Whether this is the standard plan, because the site has no plan of its own. */
  standard: boolean;
  plan: Plan;
}

export const plansOfSites = () => get(`/api/operator/wrap-up?lang=${locale()}`) as Promise<SitePlan[]>;
export const savePlan = (site: string, plan: Plan | null) =>
  post(`/api/operator/sites/${encodeURIComponent(site)}/wrap-up?lang=${locale()}`, { plan }) as Promise<SitePlan>;

export const nameIn = (names: Names, language: string): string => names[language] || Object.values(names).find(Boolean) || "";

/** Returns the outcome and the outcomes above it, the topmost first. Stops at a cycle. */
export function line(plan: Plan, id: string): Outcome[] {
  const found: Outcome[] = [];
  let here = plan.outcomes.find((one) => one.id === id);
  while (here !== undefined && !found.includes(here)) {
    found.unshift(here);
    const parent: string | null = here.parent;
    here = plan.outcomes.find((one) => one.id === parent);
  }
  return found;
}

/** Returns the outcomes that can be chosen, which are those with no outcome below them. */
export function outcomeChoices(plan: Plan): Choice[] {
  const headings = new Set(plan.outcomes.map((one) => one.parent));
  return plan.outcomes
    .filter((one) => !headings.has(one.id))
    .map((one) => ({
      value: one.id,
      label: line(plan, one.id)
        .map((each) => nameIn(each.names, locale()))
        .join(" › "),
    }));
}

/** Returns the outcomes in the order of the tree, each with its depth. */
export function tree(plan: Plan, below: string | null = null, depth = 0): { outcome: Outcome; depth: number }[] {
  return plan.outcomes
    .filter((one) => one.parent === below)
    .flatMap((outcome) => [{ outcome, depth }, ...tree(plan, outcome.id, depth + 1)]);
}

/** Removes an outcome from the plan. The outcomes below the removed outcome move up to its parent. */
export function without(plan: Plan, id: string): Plan {
  const gone = plan.outcomes.find((one) => one.id === id);
  return {
    ...plan,
    outcomes: plan.outcomes
      .filter((one) => one.id !== id)
      .map((one) => (one.parent === id ? { ...one, parent: gone?.parent ?? null } : one)),
  };
}

/** Returns the outcomes under which an outcome can be placed: all except the outcome itself and those below it. */
export function possibleParents(plan: Plan, id: string): Outcome[] {
  return plan.outcomes.filter((one) => !line(plan, one.id).some((each) => each.id === id));
}

/** Returns an id that is not in `taken`, made of the Latin letters and digits of `name`. If that id is taken, a number is
 *  added. If `name` has no such letter or digit, the id is `o_1`, `o_2` and so on. */
export function freshId(taken: string[], name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  for (let n = plain === "" ? 1 : 0; ; n++) {
    const id = `${plain || "o"}${n === 0 ? "" : `_${n}`}`;
    if (!taken.includes(id)) return id;
  }
}
