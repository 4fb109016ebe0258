import { Field } from "../ui/field";
import { t } from "./callbacks/words";

/**
 * The `pattern` of a field for a contact, such as a telephone number or mail address: at least three characters. One word with an
 * "@" inside must be a mail address: nobody would get an answer at a mistyped one. A text of several words may contain anything.
 */
export const CONTACT_PATTERN = String.raw`(?=\s*\S.+\S)\s*(?:@?[^@]*|[^@\s,]+@[^@\s,.]+(?:\.[^@\s,.]+)+|\S.*\s.*\S)\s*`;

interface ContactProps {
  label: string;
  hint?: string;
  error?: string;
  value: string;
  required?: boolean;
  autoComplete?: string;
  "data-testid": string;
  onInput: (contact: string) => void;
}

/** A field for a telephone number or mail address. */
export const Contact = ({ onInput, ...rest }: ContactProps) => (
  <Field
    {...rest}
    maxLength={200}
    pattern={CONTACT_PATTERN}
    title={t("callback.contact.check")}
    onInput={(event) => onInput(event.currentTarget.value)}
  />
);
