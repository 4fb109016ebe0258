import { useLocale } from "../../ui";
import { ReadyStep } from "./ready-step";
import { SiteStep } from "./site-step";
import { StaffStep } from "./staff-step";

/** The steps of the setup of a new installation that come after the owner has signed in. `step`: the rest of the page's address,
 *  such as "staff". */
export function Wizard({ step }: { step: string }) {
  useLocale();
  if (step === "staff") return <StaffStep />;
  if (step === "ready") return <ReadyStep />;
  return <SiteStep />;
}
