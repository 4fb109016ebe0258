/** Browser console messages that tell the developers of the partner's page why the panel cannot work. Pure; English only. */

import type { StartFailure } from "../room/handoff";

export interface Asked {
  site: string;
  category: string;
}

const isSet = (value: string): boolean => value !== "" && value !== "undefined";

/** Returns a one-line hint, or "" for a reason that the page's developers cannot fix. */
export function hintOf(reason: StartFailure, { site, category }: Asked): string {
  if (reason === "unknown_category" && !isSet(category))
    return `Sangdam: no category is set. Give the script data-category="…", or call Sangdam.init({category: "…"}).`;
  if (reason === "unknown_category")
    return `Sangdam: site "${site}" has no category "${category}". Add it with: sangdam category add ${site} ${category} --name en=…`;
  if (reason === "wrong_origin")
    return `Sangdam: this page's origin is not allowed for site "${site}". Allow it with: sangdam site add ${site} --update --origin … (name all of the site's origins).`;
  return "";
}
