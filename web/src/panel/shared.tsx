/** Shows what the visitor shares with their question, and lets them leave things out. */

import { Image, ListTree, MapPin, Package, ShieldCheck, X } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Field, Icon, IconButton } from "../ui";
import type { Step } from "../widget/trail";
import type { PanelInfo } from "./api";
import type { Panel } from "./panel";
import type { PanelState } from "./state";
import { type ItemKey, itemsOf, trailOf, type Visit } from "./visit";
import { dwellText, type Key, t } from "./words";

interface RowProps {
  icon: IconNode;
  label: string;
  from: string;
  children: ComponentChildren;
  onRemove?: () => void;
}

function Row({ icon, label, from, children, onRemove }: RowProps) {
  return (
    <li class="p-shared-item" data-testid="panel-shared-item">
      <Icon node={icon} />
      <div class="p-shared-what">
        <p class="p-shared-label">
          {label} <span class="p-shared-from">{from}</span>
        </p>
        {children}
      </div>
      {onRemove && (
        <IconButton
          icon={X}
          label={t("shared.remove", { what: label })}
          kind="quiet"
          data-testid="panel-remove-item"
          onClick={onRemove}
        />
      )}
    </li>
  );
}

function Picture({ picture }: { picture: Blob }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return url ? <img class="p-shared-picture" src={url} alt="" /> : null;
}

function Trail({ steps }: { steps: Step[] }) {
  return (
    <details class="p-trail">
      <summary>{t("shared.trail.steps", { count: steps.length })}</summary>
      <ol>
        {steps.map((step) => (
          <li key={step.at} class={`p-trail-${step.kind}`}>
            <bdi>{step.label || step.url}</bdi> <span class="p-shared-from">{dwellText(step.dwell_s)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

const path = (url: string): string => (URL.canParse(url) ? new URL(url).host + new URL(url).pathname : url);

const ROWS: Record<
  ItemKey,
  { icon: IconNode; label: Key; what: (visit: Visit, removed: ReadonlySet<ItemKey>) => ComponentChildren }
> = {
  page: {
    icon: MapPin,
    label: "shared.page",
    what: ({ page }) => (
      <>
        <p dir="auto">{page.title}</p>
        <p class="p-shared-url">{path(page.url)}</p>
      </>
    ),
  },
  product: {
    icon: Package,
    label: "shared.product",
    what: ({ product }) => <p dir="auto">{[product?.name, product?.price].filter(Boolean).join(" · ")}</p>,
  },
  picture: { icon: Image, label: "shared.picture", what: ({ picture }) => picture && <Picture picture={picture} /> },
  trail: { icon: ListTree, label: "shared.trail", what: (visit, removed) => <Trail steps={trailOf(visit, removed)} /> },
};

/** A row that says how many items about the visit are shared with staff. A press opens the list of these items, from which the
 *  visitor can remove some. */
export function Shared({ panel, state, info }: { panel: Panel; state: PanelState; info: PanelInfo }) {
  const { visit, removed, partner } = state;
  const items = visit ? itemsOf(visit, removed) : [];
  const count = items.length + (partner ? 1 : 0);
  return (
    <details class="p-shared" data-testid="panel-shared">
      <summary>
        <Icon node={ShieldCheck} />
        <span>{count > 0 ? t("shared.count", { count }) : t("shared.none")}</span>
      </summary>
      <p class="p-shared-who">
        {t("shared.who", { site: info.site.name, days: info.retention_days })}{" "}
        {/^https?:/.test(info.site.privacy_url) && (
          <a href={info.site.privacy_url} target="_blank" rel="noopener noreferrer" data-testid="panel-privacy">
            {t("privacy")}
          </a>
        )}
      </p>
      {info.may_listen && (
        <p class="p-shared-who" data-testid="panel-may-listen">
          {t("shared.listening", { site: info.site.name })}
        </p>
      )}
      <ul>
        {partner && (
          <Row icon={ShieldCheck} label={t("shared.signed")} from={t("from.signed", { site: info.site.name })}>
            <p>{t("shared.signed.what", { site: info.site.name })}</p>
          </Row>
        )}
        {visit &&
          items.map((key) => (
            <Row
              key={key}
              icon={ROWS[key].icon}
              label={t(ROWS[key].label)}
              from={t("from.claimed")}
              onRemove={() => panel.remove(key)}
            >
              {ROWS[key].what(visit, removed)}
            </Row>
          ))}
      </ul>
      {!partner && (
        <Field
          label={t("name.label")}
          placeholder={t("name.placeholder")}
          maxLength={60}
          autoComplete="given-name"
          value={state.typed.name}
          data-testid="panel-name"
          onInput={(event) => panel.type({ name: event.currentTarget.value })}
        />
      )}
    </details>
  );
}
