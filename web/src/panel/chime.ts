/** Plays two soft notes, for news that the visitor does not see. The panel fetches this code when the notes are first needed. */

const NOTES_HZ = [659.25, 880];
const NOTE_S = 0.16;
const VOLUME = 0.15;

export async function chime(): Promise<void> {
  const context = new AudioContext();
  // The browser suspends sound until the visitor has pressed something on this page. Until then the panel stays silent.
  if (context.state === "running") {
    NOTES_HZ.forEach((hz, n) => {
      const start = context.currentTime + n * NOTE_S;
      const note = new OscillatorNode(context, { frequency: hz });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(VOLUME, start);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 2 * NOTE_S);
      note.connect(gain).connect(context.destination);
      note.start(start);
      note.stop(start + 2 * NOTE_S);
    });
    await new Promise((done) => setTimeout(done, 1000));
  }
  await context.close();
}
