import { Field } from "../ui";
import { useTyped } from "./use-typed";

interface ListedProps {
  label: string;
  hint?: string;
  error?: string;
  value: string[];
  onChange: (value: string[]) => void;
  "data-testid"?: string;
}

const split = (text: string) =>
  text
    .split(/[\s,]+/)
    .map((each) => each.trim())
    .filter((each) => each !== "");

/** A field for several short words, separated by commas or spaces. */
export function Listed({ value, onChange, ...rest }: ListedProps) {
  const [typed, setTyped] = useTyped(value.join(", "), (text) => split(text).join(", "));
  return (
    <Field
      {...rest}
      value={typed}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        onChange(split(event.currentTarget.value));
      }}
    />
  );
}
