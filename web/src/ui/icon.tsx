import type { IconNode } from "lucide";
import { h } from "preact";

/** An icon of lucide (`import { Mic } from "lucide"`), in the colour of the text. The icon is only decoration, so screen readers
 *  skip it. */
export function Icon({ node, size = 20, class: className = "" }: { node: IconNode; size?: number; class?: string }) {
  return (
    <svg
      class={`icon ${className}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {node.map(([tag, attributes]) => h(tag, attributes as Record<string, string>))}
    </svg>
  );
}
