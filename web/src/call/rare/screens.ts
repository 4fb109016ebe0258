/** The screens that most calls never need, or need last: one chunk, fetched once the call page rests. */

export { AskCallback, CalledBack } from "../../room/Callback";
export { After } from "../After";
export { Closed } from "../Closed";
export { Invited } from "../Invited";
export { LeaveMessage } from "../LeaveMessage";
export { Lost } from "../Lost";
