import { useEffect, useState } from "preact/hooks";

/**
 * Keeps the text of a field whose text is parsed into a value. If the field showed only the value's own text, each key whose text
 * has no value yet, such as a comma or the first of two numbers, would be taken back at once.
 *
 * `shown`: the text of the value. `meaning`: returns the text of the value into which a typed text is parsed. The typed text stays
 * until the value changes to another one, for example because somebody else's change is taken over.
 */
export function useTyped(shown: string, meaning: (typed: string) => string): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(shown);
  useEffect(() => {
    if (meaning(typed) !== shown) setTyped(shown);
  }, [shown]);
  return [typed, setTyped];
}
