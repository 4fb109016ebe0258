import type { SiteView } from "../messages";

/** The site's own logo, if it has one. The name stands beside it, so the picture needs no words. */
export const Logo = ({ site }: { site: SiteView }) =>
  site.logo ? <img class="logo" src={`/api/logos/${site.logo}`} alt="" /> : null;
