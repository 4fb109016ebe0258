import { useEffect, useState } from "preact/hooks";

/**
 * Keeps what somebody types into a field whose text is parsed into a value, such as a list of numbers. Without this hook, the
 * field would always show its value as text. Then a comma after the first number would disappear, because it does not change the
 * value yet.
 *
 * `shown`: the present value as text. `meaning`: parses a typed text, and returns the parsed value as text. The field shows the
 * typed text until the value becomes one that was not typed, for example because a colleague has changed the value.
 */
export function useTyped(shown: string, meaning: (typed: string) => string): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(shown);
  useEffect(() => {
    if (meaning(typed) !== shown) setTyped(shown);
  }, [shown]);
  return [typed, setTyped];
}
