/** The HTTP calls of saved replies: own ones, and those that a site shares. */
import { get, post } from "../api";

export interface SavedReply {
  id: string;
  /** Whether the site shares it; only operators change these. */
  shared: boolean;
  /** "" when it suits every language. */
  language: string;
  title: string;
  text: string;
  uses: number;
}

export type NewReply = Pick<SavedReply, "id" | "language" | "title" | "text">;

/** Where a list of replies is kept. */
export interface ReplyShelf {
  all(): Promise<SavedReply[]>;
  save(reply: NewReply): Promise<SavedReply>;
  remove(id: string): Promise<unknown>;
}

const shelf = (path: string): ReplyShelf => ({
  all: () => get(path) as Promise<SavedReply[]>,
  save: (reply) => post(path, reply) as Promise<SavedReply>,
  remove: (id) => post(`${path}/${encodeURIComponent(id)}/remove`),
});

export const ownReplies = shelf("/api/replies");
const sharedPath = (site: string) => `/api/operator/sites/${encodeURIComponent(site)}/replies`;
export const sharedReplies = (site: string) => shelf(sharedPath(site));
export const exportAddress = (site: string) => `${sharedPath(site)}.csv`;
export const importReplies = (site: string, file: File) =>
  post(exportAddress(site), file) as Promise<{ added: number; changed: number }>;
export const repliesFor = (site: string, language: string) =>
  get(`/api/replies?site=${encodeURIComponent(site)}&language=${encodeURIComponent(language)}`) as Promise<SavedReply[]>;
export const countUse = (id: string) => post(`/api/replies/${encodeURIComponent(id)}/used`);
