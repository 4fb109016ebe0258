/** Decides which requests the console's service worker can answer from its store: those for the page and its files, which contain
 *  no data. Pure. */

export type Way = "page" | "file" | "network";

/** Returns how the service worker answers a request: with the stored page, with a stored file, or with a response from the
 *  network. `shell`: the paths of the stored files. */
export function wayOf(
  request: Pick<Request, "method" | "url" | "mode">,
  origin: string,
  page: string,
  shell: ReadonlySet<string>,
): Way {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin || url.pathname.startsWith("/api/")) return "network";
  if (request.mode === "navigate") return url.pathname === page ? "page" : "network";
  return shell.has(url.pathname) && url.search === "" ? "file" : "network";
}
