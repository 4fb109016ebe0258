import { toast } from "../../ui/announce";
import type { BlurProblem } from "./track";
import { t } from "./words";

/** Tells the person why the page has turned blur and camera off. */
export function tell(problem: BlurProblem): void {
  toast(t(`blur.${problem}`), "error");
}
