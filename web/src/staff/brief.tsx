import { MousePointerClick } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Brief, BriefField, Provenance, TrailStep } from "../messages";
import { Icon, useLocale } from "../ui";
import { picture } from "./api";
import { briefField, clock, dateTime, languageName, listedFields, safeHref, shortUrl } from "./format";
import { timeText } from "../ui/when";
import { t, textOr } from "./texts";

export function ProvenanceBadge({ provenance }: { provenance: Provenance }) {
  return (
    <span class={`prov prov-${provenance}`} title={t(`prov.${provenance}.tip`)}>
      {t(`prov.${provenance}`)}
    </span>
  );
}

/** Shows a web address as a link and anything else as text. */
export function Address({ url, children }: { url: string; children?: ComponentChildren }) {
  const href = safeHref(url);
  const shown = children ?? shortUrl(url);
  return href === null ? (
    <span>{shown}</span>
  ) : (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {shown}
    </a>
  );
}

/** Shows a stored picture. The picture is fetched with the staff's cookie and shown as an object URL. */
export function StoredPicture({
  id,
  alt,
  class: className,
  via = "",
}: {
  id: string;
  alt: string;
  class?: string;
  via?: string;
}) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    let made: string | null = null;
    void picture(id, via).then((found) => {
      made = found;
      if (wanted) setUrl(found);
      else if (found !== null) URL.revokeObjectURL(found);
    });
    return () => {
      wanted = false;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id]);
  return url === null ? null : <img class={className} src={url} alt={alt} />;
}

function Product({ brief }: { brief: Brief }) {
  const name = briefField(brief, "product_name");
  const price = briefField(brief, "product_price");
  const shot = briefField(brief, "product_picture");
  const url = briefField(brief, "product_url");
  if (name === null && shot === null) return null;
  return (
    <figure class="product">
      {shot !== null && <StoredPicture id={shot.value} alt={name?.value ?? t("brief.picture")} class="product-picture" />}
      <figcaption>
        <strong dir="auto">
          {url === null ? name?.value : <Address url={url.value}>{name?.value ?? shortUrl(url.value)}</Address>}
        </strong>{" "}
        {price !== null && <span>{price.value}</span>} {name !== null && <ProvenanceBadge provenance={name.provenance} />}
      </figcaption>
    </figure>
  );
}

/** Returns a field's name in words. If the page has no text for the name, returns the name without its beginning "claim." (a fact
 *  from the partner) or "form." (a field of the site's form): "membership" for "claim.membership". */
const fieldName = (name: string) => textOr(`field.${name}`, name.replace(/^(claim|form)\./, "").replaceAll("_", " "));

function Fact({ field }: { field: BriefField }) {
  return (
    <div class={field.name === "note" ? "fact-note" : ""}>
      <dt>
        {fieldName(field.name)} <ProvenanceBadge provenance={field.provenance} />
      </dt>
      <dd dir="auto">{safeHref(field.value) === null ? field.value : <Address url={field.value} />}</dd>
    </div>
  );
}

/**
 * Shows the visitor's trail: the pages that they visited, and the elements that they clicked, if the site marks these. `since`:
 * when the conversation began (ms). Steps after that moment look different, and the last step has the label "here now". With
 * Infinity, all steps look the same.
 */
function Trail({ steps, since }: { steps: TrailStep[]; since: number }) {
  const locale = useLocale();
  if (steps.length === 0) return <p class="dim">{t("brief.trail.none")}</p>;
  return (
    <ol class="trail">
      {steps.map((step, i) => (
        <li key={i} class={`trail-${step.kind} ${step.at > since ? "trail-since" : ""}`}>
          <time class="num">{timeText(step.at, locale)}</time>
          <span>
            {step.kind === "mark" && <Icon node={MousePointerClick} size={14} />}{" "}
            <bdi>{step.url === "" ? step.label : <Address url={step.url}>{step.label}</Address>}</bdi>
            {i === steps.length - 1 && since < Infinity && <span class="pill pill-ok trail-here">{t("brief.trail.here")}</span>}
            {step.dwell_s > 0 && <span class="dim"> · {t("brief.trail.dwell", { time: clock(step.dwell_s) })}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

export interface BriefCardProps {
  brief: Brief | null;
  site: string;
  category: string;
  language: string;
  /** When the conversation began (Unix ms), if it is still going on. */
  since?: number;
  children?: ComponentChildren;
}

/** Shows everything known about the visit, each item with its provenance. */
export function BriefCard({ brief, site, category, language, since = Infinity, children }: BriefCardProps) {
  const locale = useLocale();
  const known = brief ?? { fields: [], trail: [], earlier_sessions: [] };
  return (
    <section class="brief" data-testid="brief" aria-label={t("brief.title")}>
      <Product brief={known} />
      <p class="brief-line">
        <span class="pill">{site}</span> <span class="pill">{category}</span>{" "}
        <span class="pill">{languageName(language, locale)}</span>
      </p>
      <dl class="facts">
        {listedFields(known).map((field) => (
          <Fact key={field.name} field={field} />
        ))}
      </dl>
      <h3>
        {t("brief.trail")} {known.trail.length > 0 && <ProvenanceBadge provenance="claimed" />}
      </h3>
      <Trail steps={known.trail} since={since} />
      {known.earlier_sessions.length > 0 && (
        <>
          <h3>{t("brief.earlier")}</h3>
          <ul class="earlier">
            {known.earlier_sessions.map((one) => (
              <li key={one.id}>
                <p>
                  {dateTime(one.started_at, locale)} · {one.category} · {one.counselor}
                </p>
                {one.wrap_up && (
                  <p class="dim" dir="auto">
                    {one.wrap_up}
                  </p>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      {children}
    </section>
  );
}
