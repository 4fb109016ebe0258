import { toast } from "../../ui/announce";
import type { BlurProblem } from "./track";
import { t } from "./words";

/** Tells the person why the blur and the camera went off. */
export function tell(problem: BlurProblem): void {
  toast(t(`blur.${problem}`), "error");
}
