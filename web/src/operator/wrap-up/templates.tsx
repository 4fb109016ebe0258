import { Plus, X } from "lucide";
import { Button, Field, IconButton, TextArea } from "../../ui";
import { TopicSelect, type PartProps } from "./names";
import type { Template } from "./plan";
import { t } from "./texts";

/** The form in which an operator sets for which categories counselors must choose an outcome. */
export function Required({ site, plan, onChange }: PartProps) {
  const all = [{ id: "*", name: t("topic.all") }, ...site.categories];
  const set = (id: string, on: boolean) =>
    onChange({ ...plan, required: on ? [...plan.required, id] : plan.required.filter((one) => one !== id) });
  return (
    <fieldset class="plan-rows plan-checks">
      <legend>{t("required")}</legend>
      {all.map(({ id, name }) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            checked={plan.required.includes(id)}
            data-testid={`plan-required-${id === "*" ? "all" : id}`}
            onChange={(event) => set(id, event.currentTarget.checked)}
          />{" "}
          {name}
        </label>
      ))}
    </fieldset>
  );
}

export function Templates({ site, plan, onChange }: PartProps) {
  const put = (templates: Template[]) => onChange({ ...plan, templates });
  const change = (n: number, part: Partial<Template>) =>
    put(plan.templates.map((one, i) => (i === n ? { ...one, ...part } : one)));
  return (
    <fieldset class="plan-rows">
      <legend>{t("templates")}</legend>
      {plan.templates.map((template, n) => (
        <div key={n} class="plan-row" data-testid="plan-template">
          <Field
            label={t("template.title")}
            value={template.title}
            maxLength={80}
            required
            data-testid="plan-template-title"
            onInput={(event) => change(n, { title: event.currentTarget.value })}
          />
          <TopicSelect site={site} chosen={template.categories} onChange={(categories) => change(n, { categories })} />
          <IconButton
            icon={X}
            kind="quiet"
            label={t("remove", { name: template.title })}
            onClick={() => put(plan.templates.filter((_, i) => i !== n))}
          />
          <TextArea
            label={t("template.text")}
            value={template.text}
            rows={3}
            maxLength={2000}
            required
            data-testid="plan-template-text"
            onInput={(event) => change(n, { text: event.currentTarget.value })}
          />
        </div>
      ))}
      <Button
        class="plan-add"
        icon={Plus}
        onClick={() => put([...plan.templates, { title: "", text: "", categories: [] }])}
        data-testid="plan-template-add"
      >
        {t("template.add")}
      </Button>
    </fieldset>
  );
}
