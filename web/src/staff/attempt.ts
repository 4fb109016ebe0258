import { toast } from "../ui";
import { sentence } from "./refusals";

/** Does some work, and returns whether it succeeded. When the server refuses it, a toast says why. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toast(sentence(error), "error");
    return false;
  }
}
