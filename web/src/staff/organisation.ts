import { prefs, setPrefs } from "./prefs";

/** Returns the organisation whose provider the sign-in page offers; "" for the installation's provider. If the page's address
 *  names an organisation, returns that organisation, and this browser remembers it. Otherwise returns the remembered
 *  organisation. */
export function askedOrganisation(query: string): string {
  const asked = new URLSearchParams(query).get("organisation");
  if (asked !== null && asked !== prefs.get().organisation) setPrefs({ organisation: asked });
  return asked ?? prefs.get().organisation;
}
