/** The fields of the site's form, which a visitor fills in before a conversation. */

import type { FormFieldView } from "../messages";
import { Field, Select, TextArea } from "../ui";
import { missingIn } from "./form";
import type { Panel } from "./panel";
import type { PanelState } from "./state";
import { t } from "./words";

export function Asked({ panel, state, form }: { panel: Panel; state: PanelState; form: FormFieldView[] }) {
  const { typed, refusal } = state;
  const missing = refusal === "form_needed" ? missingIn(form, typed.form) : [];
  return (
    <>
      {form.map((field) => {
        const shared = {
          label: field.required ? field.name : t("form.optional", { name: field.name }),
          value: typed.form[field.id] ?? "",
          error: missing.includes(field) ? t("form.needed") : undefined,
          required: field.required,
          "data-testid": `panel-form-${field.id}`,
        };
        const type = (text: string) => panel.type({ form: { ...typed.form, [field.id]: text } });
        if (field.kind === "choice")
          return (
            <Select
              key={field.id}
              {...shared}
              choices={[{ value: "", label: t("form.choose") }, ...field.choices.map((one) => ({ value: one, label: one }))]}
              onChange={(event) => type(event.currentTarget.value)}
            />
          );
        const Box = field.kind === "text" ? TextArea : Field;
        return (
          <Box
            key={field.id}
            {...shared}
            maxLength={field.most}
            onInput={(event: { currentTarget: { value: string } }) => type(event.currentTarget.value)}
          />
        );
      })}
    </>
  );
}
