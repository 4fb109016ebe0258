import { Plus, X } from "lucide";
import { languageName } from "../../staff/format";
import { Button, Field, IconButton, locale, Select } from "../../ui";
import {
  freshId,
  nameIn,
  possibleParents,
  tree,
  without,
  type Names,
  type Outcome,
  type Plan,
  type SitePlan,
  type Tag,
} from "./plan";
import { t } from "./texts";

export interface PartProps {
  site: SitePlan;
  plan: Plan;
  onChange: (plan: Plan) => void;
}

interface NameFieldsProps {
  site: SitePlan;
  names: Names;
  testid: string;
  onChange: (names: Names) => void;
}

/** Fields for a name in each of the site's languages. If a language has no name, pages show the name in another language. */
function NameFields({ site, names, testid, onChange }: NameFieldsProps) {
  const empty = Object.values(names).every((name) => name.trim() === "");
  return (
    <>
      {site.languages.map((language, n) => (
        <Field
          key={language}
          label={t("name", { language: languageName(language, locale()) })}
          value={names[language] ?? ""}
          maxLength={60}
          required={empty && n === 0}
          data-testid={`${testid}-${language}`}
          onInput={(event) => {
            const { [language]: _, ...others } = names;
            const name = event.currentTarget.value;
            onChange(name === "" ? others : { ...others, [language]: name });
          }}
        />
      ))}
    </>
  );
}

/** Lets an operator choose the category in which an outcome, tag or template is offered. Several categories, which only the
 *  command line can set, stay until somebody chooses another category here. */
export function TopicSelect({
  site,
  chosen,
  onChange,
}: {
  site: SitePlan;
  chosen: string[];
  onChange: (topics: string[]) => void;
}) {
  const several = chosen.length > 1 ? chosen.join(",") : "";
  const names = (ids: string[]) => ids.map((id) => site.categories.find((one) => one.id === id)?.name ?? id).join(", ");
  return (
    <Select
      label={t("topic")}
      value={several || (chosen[0] ?? "")}
      choices={[
        { value: "", label: t("topic.all") },
        ...site.categories.map(({ id, name }) => ({ value: id, label: name })),
        ...(several ? [{ value: several, label: names(chosen) }] : []),
      ]}
      onChange={(event) => onChange(event.currentTarget.value === "" ? [] : event.currentTarget.value.split(","))}
    />
  );
}

export function Outcomes({ site, plan, onChange }: PartProps) {
  const change = (id: string, part: Partial<Outcome>) =>
    onChange({ ...plan, outcomes: plan.outcomes.map((one) => (one.id === id ? { ...one, ...part } : one)) });
  const add = () => {
    const id = freshId(
      plan.outcomes.map((one) => one.id),
      "",
    );
    onChange({ ...plan, outcomes: [...plan.outcomes, { id, names: {}, parent: null, categories: [] }] });
  };
  return (
    <fieldset class="plan-rows">
      <legend>{t("outcomes")}</legend>
      {tree(plan).map(({ outcome, depth }) => (
        <div key={outcome.id} class={`plan-row plan-depth-${depth}`} data-testid="plan-outcome">
          <NameFields
            site={site}
            names={outcome.names}
            testid="plan-outcome-name"
            onChange={(names) => change(outcome.id, { names })}
          />
          <Select
            label={t("parent")}
            value={outcome.parent ?? ""}
            choices={[
              { value: "", label: t("parent.none") },
              ...possibleParents(plan, outcome.id).map((one) => ({
                value: one.id,
                label: nameIn(one.names, locale()) || one.id,
              })),
            ]}
            onChange={(event) => change(outcome.id, { parent: event.currentTarget.value || null })}
          />
          <TopicSelect site={site} chosen={outcome.categories} onChange={(categories) => change(outcome.id, { categories })} />
          <IconButton
            icon={X}
            kind="quiet"
            label={t("remove", { name: nameIn(outcome.names, locale()) })}
            data-testid="plan-outcome-remove"
            onClick={() => onChange(without(plan, outcome.id))}
          />
        </div>
      ))}
      <Button class="plan-add" icon={Plus} onClick={add} data-testid="plan-outcome-add">
        {t("outcome.add")}
      </Button>
    </fieldset>
  );
}

export function Tags({ site, plan, onChange }: PartProps) {
  const put = (tags: Tag[]) => onChange({ ...plan, tags });
  const add = () =>
    put([
      ...plan.tags,
      {
        id: freshId(
          plan.tags.map((one) => one.id),
          "",
        ),
        names: {},
      },
    ]);
  return (
    <fieldset class="plan-rows">
      <legend>{t("tags")}</legend>
      {plan.tags.map((tag) => (
        <div key={tag.id} class="plan-row" data-testid="plan-tag">
          <NameFields
            site={site}
            names={tag.names}
            testid="plan-tag-name"
            onChange={(names) => put(plan.tags.map((one) => (one.id === tag.id ? { ...one, names } : one)))}
          />
          <IconButton
            icon={X}
            kind="quiet"
            label={t("remove", { name: nameIn(tag.names, locale()) })}
            onClick={() => put(plan.tags.filter((one) => one.id !== tag.id))}
          />
        </div>
      ))}
      <Button class="plan-add" icon={Plus} onClick={add} data-testid="plan-tag-add">
        {t("tag.add")}
      </Button>
    </fieldset>
  );
}
