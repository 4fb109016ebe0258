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

const describedBy = (id: string, { hint, error }: Labelled) => (hint || error ? `${id}-hint` : undefined);

interface InputProps extends Labelled {
  type?: "text" | "password" | "email" | "search" | "number" | "date" | "url" | "tel";
  name?: string;
  value: string;
  placeholder?: string;
  autoComplete?: string;
  inputMode?: "numeric";
  maxLength?: number;
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
  const { label, hint, error, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input
        dir="auto"
        {...(rest as InputHTMLAttributes)}
        id={id}
        class="input"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(id, props)}
      />
    </Frame>
  );
}

export function TextArea(props: Labelled & Omit<TextareaHTMLAttributes, "label" | "class" | "id">) {
  const id = useId();
  const { label, hint, error, ...rest } = props;
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <textarea
        dir="auto"
        {...rest}
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
