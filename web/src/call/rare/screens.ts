/** The screens that most calls never need, or need only at their end. The page fetches all of them together, five seconds after
 *  the page has started, or earlier when it must show one of them. */

export { AskCallback, CalledBack } from "../../room/callback";
export { After, Recorded } from "../after";
export { Closed } from "../closed";
export { Gone, GuestPrepare } from "../guest";
export { Invited } from "../invited";
export { LeaveDialog } from "../leave-dialog";
export { LeaveMessage } from "../leave-message";
export { Lost } from "../lost";
export { NotifyWindow } from "../notify-window";
export { PhoneCamera } from "../phone-camera";
export { TryDevices } from "../try-devices";
export { Direct, Expired, MessageLeft, Replaced, Unprepared } from "../told";
export { Upgrade } from "../upgrade";
export { answerWhose } from "../whose";
