/** Plays three soft notes on the chosen speaker, so that the person can check the speaker. */
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
