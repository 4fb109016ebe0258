/** The HTTP calls of saved replies: those of one person, and those that a site shares. */
import type { Audience } from "../../messages";
import { get, post } from "../api";

export interface SavedReply {
  id: string;
  /** Whether the site shares this reply with its staff. Only operators change shared replies. */
  shared: boolean;
  /** The reply's language; "" if it suits every language. */
  language: string;
  title: string;
  text: string;
  uses: number;
  /** Ids of the pictures that are sent with the reply. */
  pictures: string[];
}

export type NewReply = Pick<SavedReply, "id" | "language" | "title" | "text">;

/** The HTTP calls of one list of replies: a person's own, or a site's. */
export interface ReplyShelf {
  all(): Promise<SavedReply[]>;
  save(reply: NewReply): Promise<SavedReply>;
  remove(id: string): Promise<unknown>;
  addPicture(id: string, file: File): Promise<{ picture: string }>;
  removePicture(id: string, picture: string): Promise<unknown>;
}

export const MOST_PICTURES = 4; // one saved reply can have at most this many pictures, as on the server

const shelf = (path: string): ReplyShelf => ({
  all: () => get(path) as Promise<SavedReply[]>,
  save: (reply) => post(path, reply) as Promise<SavedReply>,
  remove: (id) => post(`${path}/${encodeURIComponent(id)}/remove`),
  addPicture: (id, file) => post(`${path}/${encodeURIComponent(id)}/pictures`, file) as Promise<{ picture: string }>,
  removePicture: (id, picture) => post(`${path}/${encodeURIComponent(id)}/pictures/${encodeURIComponent(picture)}/remove`),
});

export const ownReplies = shelf("/api/replies");
const sharedPath = (site: string) => `/api/operator/sites/${encodeURIComponent(site)}/replies`;
export const sharedReplies = (site: string) => shelf(sharedPath(site));
export const exportAddress = (site: string) => `${sharedPath(site)}.csv`;
export const importReplies = (site: string, file: File) =>
  post(exportAddress(site), file) as Promise<{ added: number; changed: number }>;
export const repliesFor = (site: string, language: string) =>
  get(`/api/replies?site=${encodeURIComponent(site)}&language=${encodeURIComponent(language)}`) as Promise<SavedReply[]>;
export const pictureAddress = (picture: string) => `/api/replies/pictures/${encodeURIComponent(picture)}`;
/** Copies a reply's picture into a conversation. Returns the id of the copy, which is sent as a line. */
export const sharePicture = async (session: string, picture: string, audience: Audience): Promise<string> => {
  const path = `/api/sessions/${encodeURIComponent(session)}/pictures/saved`;
  return ((await post(path, { picture, audience })) as { picture: string }).picture;
};
export const countUse = (id: string) => post(`/api/replies/${encodeURIComponent(id)}/used`);
