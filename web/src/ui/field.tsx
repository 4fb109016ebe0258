import type { ComponentChildren, InputHTMLAttributes, TargetedEvent, TargetedInputEvent, TextareaHTMLAttributes } from "preact";
import { useId } from "preact/hooks";

interface Labelled {
  label: string;
  hint?: string;
  error?: string;
  "data-testid"?: string;
}

function Frame(props: Labelled & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class="field-label" for={props.id}>
        {props.label}
      </label>
      {props.children}
      {props.hint && !props.error && (
        <p class="field-hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.error && (
        <p class="field-error" id={`${props.id}-hint`} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}

type Box = HTMLInputElement | HTMLTextAreaElement;

/** Returns the handlers of a field that accepts at most `most` visible characters. The browser's own `maxlength` counts UTF-16
 *  units, and so would refuse a name of forty emojis. While an input method composes a syllable, the text is allowed to be
 *  longer, because cutting it would break the syllable. */
function limited<E extends TargetedEvent<Box>>(most: number, onInput: (event: E) => void) {
  const check = async ({ currentTarget: box }: TargetedEvent<Box>) => {
    if (box.value.length > most) (await import("./fit")).fit(box, most);
  };
  return {
    onInput(event: E & { isComposing?: boolean }) {
      onInput(event);
      if (!event.isComposing) void check(event);
    },
    onCompositionEnd: check,
  };
}

const describedBy = (id: string, { hint, error }: Labelled) => (hint || error ? `${id}-hint` : undefined);

interface InputProps extends Labelled {
  type?: "text" | "password" | "email" | "search" | "number" | "date" | "datetime-local" | "url" | "tel";
  name?: string;
  value: string;
  placeholder?: string;
  autoComplete?: string;
  inputMode?: "numeric";
  maxLength?: number;
  pattern?: string;
  title?: string;
  min?: number;
  step?: number | "any";
  required?: boolean;
  disabled?: boolean;
  autoFocus?: boolean;
  onInput: (event: TargetedInputEvent<HTMLInputElement>) => void;
  onBlur?: () => void;
}

export function Field(props: InputProps) {
  const id = useId();
  const { label, hint, error, maxLength, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input
        dir="auto"
        {...(rest as InputHTMLAttributes)}
        {...(maxLength && limited(maxLength, props.onInput))}
        id={id}
        class="input"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, props)}
      />
    </Frame>
  );
}

interface AreaProps extends Labelled, Omit<TextareaHTMLAttributes, "label" | "class" | "id" | "maxLength" | "onInput"> {
  maxLength?: number;
  onInput: (event: TargetedInputEvent<HTMLTextAreaElement>) => void;
}

export function TextArea(props: AreaProps) {
  const id = useId();
  const { label, hint, error, maxLength, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <textarea
        dir="auto"
        {...rest}
        {...(maxLength && limited(maxLength, props.onInput))}
        id={id}
        class="input"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, props)}
      />
    </Frame>
  );
}

export interface Choice {
  value: string;
  label: string;
}

interface SelectProps extends Labelled {
  choices: Choice[];
  value: string;
  name?: string;
  disabled?: boolean;
  required?: boolean;
  onChange: (event: TargetedEvent<HTMLSelectElement>) => void;
}

export function Select(props: SelectProps) {
  const id = useId();
  const { label, hint, error, choices, value, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <select {...rest} id={id} class="input" value={value} aria-describedby={describedBy(id, props)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}
