/** The screens that the call page rarely shows. The page loads their code later. The parts of the page that load first import
 *  these screens from here. */

import { lazy, optional } from "../room/lazy";
import { withTexts } from "../ui/i18n";

const load = () => withTexts(import("./rare/screens"));
const look = { name: "lazy.loading" } as const;

export const After = lazy(load, (rare) => rare.After, look);
export const AskCallback = lazy(load, (rare) => rare.AskCallback, look);
export const CalledBack = lazy(load, (rare) => rare.CalledBack, look);
export const Closed = lazy(load, (rare) => rare.Closed, look);
export const Direct = lazy(load, (rare) => rare.Direct, look);
export const Expired = lazy(load, (rare) => rare.Expired, look);
export const Gone = lazy(load, (rare) => rare.Gone, look);
export const GuestPrepare = lazy(load, (rare) => rare.GuestPrepare, look);
export const Invited = lazy(load, (rare) => rare.Invited, look);
export const LeaveDialog = lazy(load, (rare) => rare.LeaveDialog, look);
export const LeaveMessage = lazy(load, (rare) => rare.LeaveMessage, look);
export const MessageLeft = lazy(load, (rare) => rare.MessageLeft, look);
export const NotifyWindow = lazy(load, (rare) => rare.NotifyWindow, look);
export const PhoneCamera = lazy(load, (rare) => rare.PhoneCamera, look);
export const Replaced = lazy(load, (rare) => rare.Replaced, look);
export const TryDevices = lazy(load, (rare) => rare.TryDevices, look);
export const Lost = lazy(load, (rare) => rare.Lost, look);
export const Unprepared = lazy(load, (rare) => rare.Unprepared, look);
/** Shows nothing until the screen's code is loaded, because a placeholder would disturb a session in progress. */
export const Upgrade = optional(load, (rare) => rare.Upgrade);
export const Recorded = optional(load, (rare) => rare.Recorded);

export const PushMe = optional(
  () => import("../room/reach/push-me"),
  (reach) => reach.PushMe,
);

const FETCH_AFTER_MS = 5000; // delay before the rare screens are loaded, ms, so that the call itself can use the network first

/** Fetches the rare screens ahead of time, so that the page can show them even when the network is gone. */
export function fetchRareScreens(): void {
  const fetched = () => load().then((rare) => rare.answerWhose());
  // If the screens cannot be fetched now, each screen loads its code when the screen is needed.
  setTimeout(() => void fetched().catch(() => undefined), FETCH_AFTER_MS);
}
