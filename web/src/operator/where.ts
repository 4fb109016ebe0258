import { useLayoutEffect, useState } from "preact/hooks";
import { decoded } from "../staff/address";
import { may, parts, type Part } from "../staff/rights";

/** Returns what the page must show, as its address says ("#past", "#past/s-123"), so that reload and the back button work. */
function fromHash(): { part: Part | "wall" | "start"; session: string; where: string } {
  const [part = "", ...rest] = location.hash.slice(1).split("/");
  const [session = ""] = rest;
  const mine = parts();
  const shown = mine.find((one) => one === part) ?? mine[0] ?? "live";
  return {
    part: (part === "wall" && may("live.watch")) || (part === "start" && may("sites.add")) ? part : shown,
    session: decoded(session),
    where: rest.join("/"),
  };
}

/** Returns what `fromHash` returns, and renders the component again when the address changes. */
export function useWhere() {
  const [where, setWhere] = useState(fromHash);
  // `useEffect` would run after the page is painted, and miss an address that changes before that
  useLayoutEffect(() => {
    const changed = () => setWhere(fromHash());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return where;
}
