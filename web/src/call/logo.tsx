import type { SiteView } from "../messages";

/** The site's own logo, if the site has one. The logo has no alternative text: the site's name is beside the logo. */
export const Logo = ({ site }: { site: SiteView }) =>
  site.logo ? <img class="logo" src={`/api/logos/${site.logo}`} alt="" /> : null;
