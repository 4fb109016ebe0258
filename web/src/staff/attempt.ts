import { toast } from "../ui";
import { sentence } from "./refusals";

/** Runs `work`, and returns whether it succeeded. If it failed, a toast says why. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toast(sentence(error), "error");
    return false;
  }
}
