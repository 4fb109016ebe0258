import { prefs, setPrefs } from "./prefs";

/** Returns the organisation whose provider the sign-in page offers: the one in the page's address, which this browser remembers
 *  from then on, else the remembered one; "" for the installation's provider. */
export function askedOrganisation(query: string): string {
  const asked = new URLSearchParams(query).get("organisation");
  if (asked !== null && asked !== prefs.get().organisation) setPrefs({ organisation: asked });
  return asked ?? prefs.get().organisation;
}
