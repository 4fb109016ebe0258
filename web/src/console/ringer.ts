/** Makes the sound of a ring: two soft notes every two seconds. WebAudio makes the notes, so no sound file is loaded. */

const NOTES_HZ = [587.33, 783.99];
const EVERY_MS = 2_000;

export class Ringer {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #volume = 0;

  /** Makes the browser allow sound. Call this inside the handler of a click or key press, because browsers block sound until the
   * person has clicked or pressed a key. */
  async unlock(): Promise<void> {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") await this.#context.resume().catch(() => undefined);
  }

  /** Whether the browser lets this page make sound, so that a ring can be heard. */
  get ready(): boolean {
    return this.#context?.state === "running";
  }

  /** Rings until `stop` is called. `volume`: 0 to 1. Calling this again only changes the volume. */
  start(volume: number): void {
    this.#volume = volume;
    if (this.#timer !== null) return;
    this.once(volume);
    this.#timer = setInterval(() => this.once(this.#volume), EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  once(volume: number): void {
    NOTES_HZ.forEach((hertz, i) => this.#play(volume * volume * 0.5, hertz, i * 0.22));
  }

  /** Plays one short note, softer than the ring, for example for a new line. */
  note(volume: number, hertz: number): void {
    this.#play(volume * volume * 0.3, hertz, 0);
  }

  #play(loudness: number, hertz: number, after_s: number): void {
    const context = this.#context;
    if (context === null || loudness <= 0) return;
    const at = context.currentTime + after_s;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = hertz;
    // The note swells and fades, because a sudden beginning or end would click. Callers square the volume, so that equal steps of
    // the slider sound equal.
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loudness, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.6);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  }

  async close(): Promise<void> {
    this.stop();
    await this.#context?.close();
    this.#context = null;
  }
}
