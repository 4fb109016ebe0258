/** Chooses the form of Korean particles, which depends on the last sound of the word before. Loaded with the Korean texts
 *  only. */

import { josa } from "es-hangul";

type Pair = Parameters<typeof josa>[1];

const PAIRS: Record<string, Pair> = {
  "은(는)": "은/는",
  "이(가)": "이/가",
  "을(를)": "을/를",
  "과(와)": "와/과",
  "와(과)": "와/과",
  "(으)로": "으로/로",
};
/** The way in which Koreans read the last character of a word that does not end in Hangul. Only the last sound of that reading
 *  matters. */
const READ_AS: Record<string, string> = { 0: "영", 1: "일", 3: "삼", 6: "육", 7: "칠", 8: "팔", l: "엘", m: "엠", n: "엔" };

/** Returns a word with the form of a Korean particle that fits it: `withParticle("지민", "이(가)")` is "지민이". */
export function withParticle(word: string, both: string): string {
  const pair = PAIRS[both];
  if (!pair) return word + both;
  const last = word.at(-1)?.toLowerCase() ?? "";
  return word + josa.pick(/[가-힣]/.test(last) ? last : (READ_AS[last] ?? "가"), pair);
}
