/** The captions that are shown now, for each person, and functions that add and remove captions. Pure. */

import type { Caption } from "../../messages";

export interface Said {
  utterance: number;
  text: string;
  /** The translation into the reader's language; empty until the translation has arrived, or if the reader wants none. */
  translation: string;
  language: string;
  final: boolean;
  at: number;
}

/** A person's words that are shown now. `missedAt`: when the captions process last missed words of this person, in ms; 0 if that
 *  was more than a few seconds ago, or never. */
export interface Words {
  said: Said[];
  missedAt: number;
}

/** Participant → that person's words that are shown now. */
export type Heard = Readonly<Record<string, Words>>;

export const NOTHING: Heard = {};
/** How long the words of a finished utterance are shown, ms: long enough to read two lines. */
export const STAYS_MS = 7000;
/** How long the words of an unfinished utterance (a draft) are shown, ms, if no further caption of it comes, for example because
 *  the connection to the captions process broke. */
const DRAFT_STAYS_MS = 15_000;
const MOST_SAID = 3;
const MISSED_MS = 8000;

/**
 * Returns the shown words with a new caption added. The new caption replaces an earlier caption of the same utterance. An empty
 * caption only removes the earlier one. A caption that says `lost` only sets `missedAt`.
 */
export function hear(heard: Heard, caption: Caption, now: number): Heard {
  const { said, missedAt } = heard[caption.participant] ?? { said: [], missedAt: 0 };
  const others = said.filter(({ utterance }) => utterance !== caption.utterance);
  const { utterance, text, translation = "", language = "", final = false, lost = false } = caption;
  const entry = { utterance, text, translation, language, final, at: now };
  const before = said.findIndex((one) => one.utterance === utterance);
  const added = translation && before >= 0 ? said.with(before, entry) : text ? [...others, entry] : others;
  const next = { said: (lost ? said : added).slice(-MOST_SAID), missedAt: lost ? now : missedAt };
  return { ...heard, [caption.participant]: next };
}

/** Returns the shown words without those that were shown for long enough. Returns the same object if nothing has changed. */
export function prune(heard: Heard, now: number): Heard {
  let changed = false;
  const kept: Record<string, Words> = {};
  for (const [participant, { said, missedAt }] of Object.entries(heard)) {
    const fresh = said.filter(({ at, final }) => now - at < (final ? STAYS_MS : DRAFT_STAYS_MS));
    const missed = missedAt && now - missedAt < MISSED_MS ? missedAt : 0;
    changed ||= fresh.length < said.length || missed !== missedAt;
    if (fresh.length > 0 || missed) kept[participant] = { said: fresh, missedAt: missed };
  }
  return changed ? kept : heard;
}

/** Returns a person's words as one text, the newest last. */
export const textOf = (words: Words | undefined): string => (words?.said ?? []).map(({ text }) => text).join(" ");

/** Returns the translation of a person's words as one text; empty if none of them is translated. */
export const translationOf = (words: Words | undefined): string =>
  (words?.said ?? [])
    .map(({ translation }) => translation)
    .filter(Boolean)
    .join(" ");

/** Returns whether anybody's captions lack words, because the captions process missed some a few seconds ago. */
export const misses = (heard: Heard): boolean => Object.values(heard).some(({ missedAt }) => missedAt > 0);
