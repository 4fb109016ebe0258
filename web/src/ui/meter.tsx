/** Shows a level from 0 to 1, such as a microphone's, by how many of eight lamps are lit. So nobody needs to tell colours
 *  apart. */
export function Meter({ level, label }: { level: number; label: string }) {
  const lit = Math.round(Math.min(1, Math.max(0, level)) * 8);
  return (
    <div class="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={8} aria-valuenow={lit}>
      {Array.from({ length: 8 }, (_, lamp) => (
        <span key={lamp} class={lamp < lit ? "meter-lamp meter-lamp-lit" : "meter-lamp"} />
      ))}
    </div>
  );
}
