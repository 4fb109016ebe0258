/** The HTTP calls of the person card, which shows what staff know of a visitor. */
import type { Channel, Line } from "../../messages";
import { get, post } from "../../staff/api";
import { locale } from "../../ui";

export interface PersonNote {
  id: string;
  author: string;
  mine: boolean;
  text: string;
  at: number;
  changed_at: number | null;
}

export interface Earlier {
  id: string;
  started_at: number;
  channel: Channel;
  category: string;
  counselor: string;
  outcome: string;
  tags: string[];
  rating: number | null;
  notes: string;
}

export interface Person {
  /** Whether the site's signed code says who the visitor is. Only then does the card show notes and earlier conversations. */
  known: boolean;
  notes: PersonNote[];
  conversations: Earlier[];
}

export interface Conversation extends Earlier {
  lines: Line[];
  lines_cut: boolean;
}

const of = (session: string) => `/api/sessions/${encodeURIComponent(session)}`;

export const person = (session: string, q: string) =>
  get(`${of(session)}/person?${new URLSearchParams({ q, lang: locale() }).toString()}`) as Promise<Person>;
export const conversation = (session: string, other: string) =>
  get(`${of(session)}/earlier/${encodeURIComponent(other)}?lang=${locale()}`) as Promise<Conversation>;
export const saveNote = (session: string, id: string, text: string) => post(`${of(session)}/person/notes`, { id, text });
export const removeNote = (session: string, id: string) => post(`${of(session)}/person/notes/${encodeURIComponent(id)}/remove`);
