import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { LanguageSwitch } from "../../staff/language";
import "../settings/settings.css";
import "./start.css";
import { t } from "./texts";

export const STEPS = ["owner", "site", "staff", "ready"] as const;
export type Step = (typeof STEPS)[number];

/** The frame around one step of the setup of a new installation: the list of all steps, and below the list the step's content. */
export function StartFrame({ step, lead, children }: { step: Step; lead: string; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    scrollTo(0, 0);
    title.current?.focus({ preventScroll: true }); // focuses the title, so that a screen reader begins to read here
  }, []);
  return (
    <main class="start" data-testid={`start-${step}`}>
      <header class="start-head">
        <p class="brand">
          <span class="brand-mark" aria-hidden="true" /> Sangdam
        </p>
        <LanguageSwitch />
      </header>
      <ol class="start-steps">
        {STEPS.map((one) => (
          <li key={one} aria-current={one === step ? "step" : undefined}>
            <span>{t(`step.${one}`)}</span>
          </li>
        ))}
      </ol>
      <section class="card stack">
        <header>
          <h1 ref={title} tabIndex={-1}>
            {t(`title.${step}`)}
          </h1>
          <p class="dim">{lead}</p>
        </header>
        {children}
      </section>
    </main>
  );
}
