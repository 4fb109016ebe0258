/** The HTTP calls about a visitor's own thread, that is, all of the visitor's conversations at this site. The page keeps the
 *  token for the thread in memory only. */

import type { Channel, Line } from "../../messages";
import { locale } from "../../ui";
import { call, type Made } from "../api";

export interface Right {
  token: string;
  expires_at: number;
}

export interface Item {
  id: string;
  started_at: number;
  ended_at: number | null;
  open: boolean;
  asleep: boolean;
  channel: Channel;
  category: string;
  counselor: string;
  /** The beginning of the visitor's first line in the conversation. */
  words: string;
  /** When the conversation is erased (server's clock, ms); null while it is open. */
  kept_until: number | null;
}

export interface Page {
  items: Item[];
  more: boolean;
  kept_days: number;
}

export interface Conversation extends Item {
  lines: Line[];
  /** The number of the first of `lines` if the server has older lines than these; otherwise 0. */
  older: number;
  board: string[];
  drawings: number;
  message: string;
}

const bearer = ({ token }: Right) => ({ authorization: `Bearer ${token}` });
export const pathOf = (id: string) => `/api/threads/${encodeURIComponent(id)}`;

export const rightOf = (code: string) =>
  call("/api/threads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
  }) as Promise<Right>;

export const pageOf = (right: Right, before = "") =>
  call(`/api/threads?${new URLSearchParams({ before, lang: locale() })}`, { headers: bearer(right) }) as Promise<Page>;

export const conversationOf = (right: Right, id: string, before = 0) =>
  call(`${pathOf(id)}?${new URLSearchParams({ before: String(before), lang: locale() })}`, {
    headers: bearer(right),
  }) as Promise<Conversation>;

export const continued = (right: Right, id: string) =>
  call(`${pathOf(id)}/continue`, { method: "POST", headers: bearer(right) }) as Promise<Made>;
