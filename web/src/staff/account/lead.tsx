/** The head of a card on which somebody signs in, or chooses a new password. */
export function Lead({ title, text }: { title: string; text: string }) {
  return (
    <header aria-live="polite">
      <p class="brand">
        <span class="brand-mark" aria-hidden="true" /> Sangdam
      </p>
      <h1>{title}</h1>
      <p class="dim">{text}</p>
    </header>
  );
}
