import { lazy } from "../room/lazy";
import type { SessionView } from "../messages";

const Above = lazy(
  () => import("./person/above"),
  (module) => module.Above,
  { name: "lazy.loading" },
);

/** Shows the visitor's earlier conversations above the present one, if there are any, and if the partner vouches for who the
 *  visitor is. */
export function EarlierAbove({ session }: { session: SessionView }) {
  const earlier = session.brief?.earlier_sessions ?? [];
  return earlier.length === 0 ? null : <Above session={session.id} newest={earlier} />;
}
