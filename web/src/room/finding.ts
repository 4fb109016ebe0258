import { createStore } from "../ui/store";

/** The session whose conversation shows the search bar; "" for none. */
export const finding = createStore("");
