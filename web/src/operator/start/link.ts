/** The one-time link that `sangdam init` prints. The first owner of an installation begins the setup with this link. */
import { keep, read } from "./kept";

const MARK = "#first-start=";

/** Returns the token of the link, and removes it from the page's address and history. After a reload of the tab, this function
 *  returns the token again. Returns "" if there is no link. */
export function takeFirstLink(): string {
  if (location.hash.startsWith(MARK)) {
    keep("link", { token: location.hash.slice(MARK.length) });
    history.replaceState(null, "", location.pathname + location.search);
  }
  return read("link", { token: "" }).token;
}

/** Removes the one-time link from this tab's storage, because the link was used or does not work. */
export const forgetFirstLink = () => keep("link", null);
