import { useEffect, useState } from "preact/hooks";

type Formatted = typeof import("./writing/formatted").Formatted;

/** Whether a text may contain markup or a link. Cheap, so that plain lines load nothing more. */
const MARKED = /[*_`]|^(?:>|[-•] |\d{1,3}\. )|https?:|tel:|[^\s]@[^\s]|[\p{L}\p{N}]\.\p{L}{2}/mu;

let loaded: Formatted | null = null;

/** The text of a line: plain at once, and with formatting and links when the part that knows them is here. */
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
      () => undefined, // the text stays plain
    );
  }, [marked]);
  return marked && Shown ? <Shown text={text} /> : <>{text}</>;
}
