/** The wallboard's alarm: a sound and a mark in the tab's title while a figure (such as the number of waiting visitors) is
 *  red. */
import { useEffect, useState } from "preact/hooks";
import type { Wallboard } from "../messages";
import { announce } from "../ui";
import { FIGURES } from "./figures";
import { levels, THRESHOLD_FIGURES, valuesOf } from "./logic/levels";
import { t } from "./texts";

const KEY = "sangdam.operator.alarm";
const NOTES_HZ = [880, 660];
const NOTE_S = 0.18;

function wanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // the browser forbids storage, so the operator's choice is unknown, and the sound is on at first
  }
}

/** Plays two falling tones. Browsers allow sound only after the operator has used the page. */
function sound(): void {
  const context = new AudioContext();
  const gain = new GainNode(context, { gain: 0.15 });
  gain.connect(context.destination);
  NOTES_HZ.forEach((frequency, n) => {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain);
    tone.start(context.currentTime + n * NOTE_S);
    tone.stop(context.currentTime + (n + 1) * NOTE_S);
  });
  setTimeout(() => void context.close(), 1_000);
}

/** Alerts when a figure of the wallboard turns red. Returns whether the sound is on, and a function that turns the sound on or
 *  off. */
export function useAlarm(board: Wallboard | null, now: number): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(wanted);
  const grades = board === null ? null : levels(valuesOf(board, now), board.thresholds ?? []);
  const red = THRESHOLD_FIGURES.filter((figure) => grades?.[figure] === "red").join(" ");
  const [known, setKnown] = useState("");
  useEffect(() => {
    const added = THRESHOLD_FIGURES.filter((figure) => red.split(" ").includes(figure) && !known.split(" ").includes(figure));
    setKnown(red);
    if (added.length === 0) return;
    announce(added.map((figure) => t("live.red", { name: t(FIGURES[figure].name) })).join(" "), "assertive");
    if (on) sound();
  }, [red, known, on]);
  useEffect(() => {
    if (red === "") return;
    const base = document.title;
    document.title = `(!) ${base}`;
    return () => {
      document.title = base;
    };
  }, [red]);
  return [
    on,
    (next) => {
      setOn(next);
      try {
        localStorage.setItem(KEY, next ? "on" : "off");
      } catch {
        // the browser forbids storage: after a reload of the page, the sound is on again
      }
    },
  ];
}
