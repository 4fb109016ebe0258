/** Finds the page that shows a conversation. The worker asks each page, because a page's address does not say which
 *  conversation it shows. */

import type { PageClient } from "./scope";

/** The question to a page. The page answers through the port with the id of its conversation, or "". */
export const WHOSE = "sangdam-whose";

const WAIT_MS = 1_000; // a page that does not answer within this time, ms, counts as a page that shows no conversation

/** Returns the page among `pages` that shows the conversation; undefined if none does. */
export async function pageOf(pages: readonly PageClient[], session: string): Promise<PageClient | undefined> {
  const shown = await Promise.all(pages.map((page) => ask(page)));
  return pages.find((_, n) => session !== "" && shown[n] === session);
}

function ask(page: PageClient): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const late = setTimeout(() => answer(""), WAIT_MS);
    const answer = (session: unknown) => {
      clearTimeout(late);
      port1.close();
      resolve(session);
    };
    port1.onmessage = ({ data }: MessageEvent) => answer(data);
    page.postMessage({ kind: WHOSE }, [port2]);
  });
}
