/** The screens that most calls never need, or need last: one chunk, fetched once the call page rests. */

export { AskCallback, CalledBack } from "../../room/callback";
export { After } from "../after";
export { Closed } from "../closed";
export { Invited } from "../invited";
export { LeaveMessage } from "../leave-message";
export { Lost } from "../lost";
