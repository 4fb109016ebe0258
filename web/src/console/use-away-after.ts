import { useEffect, useRef } from "preact/hooks";
import type { StaffMe } from "../messages";
import { awayAfter } from "./logic/queue";

const KEY = "sangdam.away_after";

/** Returns whether I will be away after I have saved the wrap-up (the notes on the session that has ended). The page remembers
 *  this over a reload. */
export function useAwayAfter(me: StaffMe): boolean {
  const wanted = useRef<boolean | null>(null);
  wanted.current ??= sessionStorage.getItem(KEY) === "yes";
  const now = awayAfter(wanted.current, me);
  wanted.current = now;
  useEffect(() => sessionStorage.setItem(KEY, now ? "yes" : ""), [now]);
  return now;
}
