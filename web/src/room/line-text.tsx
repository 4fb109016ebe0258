import { useEffect, useState } from "preact/hooks";

type Formatted = typeof import("./writing/formatted").Formatted;

/** Matches texts that might contain markup or a link. The formatting code is loaded only for these texts. */
const MARKED = /[*_`]|^(?:>|[-•] |\d{1,3}\. )|https?:|tel:|[^\s]@[^\s]|[\p{L}\p{N}]\.\p{L}{2}/mu;

let loaded: Formatted | null = null;

/** The text of a line. A text that might have markup or a link is plain until the formatting code is loaded. */
export function LineText({ text }: { text: string }) {
  const marked = MARKED.test(text);
  const [Shown, setShown] = useState<Formatted | null>(() => loaded);
  useEffect(() => {
    if (!marked || Shown) return;
    import("./writing/formatted").then(
      ({ Formatted }) => {
        loaded = Formatted;
        setShown(() => Formatted);
      },
      () => undefined, // the code for formatting did not load: the line shows its text as it is
    );
  }, [marked]);
  return marked && Shown ? <Shown text={text} /> : <>{text}</>;
}
