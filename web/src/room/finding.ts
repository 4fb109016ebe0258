import { createStore } from "../ui/store";

/** Id of the session whose conversation shows the bar for searching in it; "" if none does. */
export const finding = createStore("");
