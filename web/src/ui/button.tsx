import type { IconNode } from "lucide";
import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon } from "./icon";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger" | "help";

type Native = Omit<ButtonHTMLAttributes, "icon" | "size" | "class" | "label">;

export interface ButtonProps extends Native {
  kind?: ButtonKind;
  icon?: IconNode;
  busy?: boolean;
  wide?: boolean;
  class?: string;
  children?: ComponentChildren;
  "data-testid"?: string;
}

/** `primary` is the main action, `danger` ends something, `help` calls the professional, `quiet` has no border. */
export function Button({
  kind = "plain",
  icon,
  busy = false,
  wide = false,
  class: className = "",
  children,
  ...rest
}: ButtonProps) {
  const classes = ["button", `button-${kind}`, wide ? "button-wide" : "", className].filter(Boolean).join(" ");
  return (
    <button type="button" {...rest} class={classes} disabled={rest.disabled === true || busy} aria-busy={busy || undefined}>
      {busy ? <span class="button-busy" aria-hidden="true" /> : icon && <Icon node={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Native {
  icon: IconNode;
  label: string;
  pressed?: boolean;
  kind?: ButtonKind;
  caption?: boolean;
  badge?: number;
  class?: string;
  "data-testid"?: string;
}

/** A round button with an icon. Screen readers read `label`, and the tooltip shows it. With `caption`, the label is also under
 *  the icon. */
export function IconButton({
  icon,
  label,
  pressed,
  kind = "plain",
  caption = false,
  badge = 0,
  class: className = "",
  ...rest
}: IconButtonProps) {
  const classes = ["icon-button", `button-${kind}`, caption ? "icon-button-captioned" : "", className].filter(Boolean).join(" ");
  return (
    <button type="button" {...rest} class={classes} aria-label={label} title={rest.title ?? label} aria-pressed={pressed}>
      <span class="icon-button-face">
        <Icon node={icon} />
        {badge > 0 && <span class="badge">{badge > 99 ? "99+" : badge}</span>}
      </span>
      {caption && (
        <span class="icon-button-caption" aria-hidden="true">
          {label}
        </span>
      )}
    </button>
  );
}
