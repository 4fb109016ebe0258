/** How loud a track is, for meters: `onLevel` gets 0..1 about 15 times a second until the returned function is called. */

const EVERY_MS = 66;

/** Maps RMS to perceived loudness: -50 dBFS is 0, -10 dBFS is 1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (db + 50) / 40));
}

export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(track.enabled ? levelOf(samples) : 0);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}

/** Plays three soft notes on the chosen speaker, so that the person can check it. */
export async function playTestSound(speaker: string): Promise<void> {
  const context = new AudioContext();
  if (speaker && "setSinkId" in context) {
    await (context as AudioContext & { setSinkId: (id: string) => Promise<void> }).setSinkId(speaker).catch(() => undefined);
  }
  const notes = [523.25, 659.25, 783.99];
  notes.forEach((hz, n) => {
    const start = context.currentTime + 0.05 + n * 0.22;
    const gain = context.createGain();
    const note = context.createOscillator();
    note.frequency.value = hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.2, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    note.connect(gain).connect(context.destination);
    note.start(start);
    note.stop(start + 0.45);
  });
  await new Promise((done) => setTimeout(done, 1200));
  await context.close();
}
