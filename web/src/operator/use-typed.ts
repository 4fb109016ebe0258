import { useEffect, useState } from "preact/hooks";

/**
 * Keeps what somebody types into a field whose text is parsed into a value. If the field always showed the text of its present
 * value, a typed character would disappear at once whenever the text has no value yet, for example after a comma or after the
 * first of two numbers.
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
