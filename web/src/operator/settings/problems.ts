/** The sentences that say why the server has refused a field of the settings. */
import type { FieldProblem } from "../../messages";
import { t } from "./texts";

export const problem = (found: FieldProblem | undefined): string | undefined =>
  found === undefined ? undefined : t(`problem.${found}`);
