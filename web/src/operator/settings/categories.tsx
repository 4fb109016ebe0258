import { ArrowDown, ArrowUp, Plus, X } from "lucide";
import { useState } from "preact/hooks";
import { languageName } from "../../staff/format";
import { Button, Field, IconButton, locale, Select } from "../../ui";
import { nameIn } from "../wrap-up/plan";
import type { CategorySettings, Problems, SiteSettings } from "./api";
import { FormEditor } from "./form-editor";
import { problem } from "./problems";
import { t } from "./texts";
import { depth, inTree, moved, possibleParents, without } from "./tree";
import { useTyped } from "../use-typed";
import { widensOf, widensText } from "./widens";

interface CategoriesProps {
  settings: SiteSettings;
  problems: Problems;
  onChange: (categories: CategorySettings[]) => void;
}

/** The tree of a site's categories. Buttons move a category among its siblings, so that a keyboard is enough. */
export function Categories({ settings, problems, onChange }: CategoriesProps) {
  const all = settings.categories;
  const [id, setId] = useState("");
  const nameOf = (one: CategorySettings) => nameIn(one.names, locale()) || one.id;
  const set = (changed: CategorySettings) => onChange(all.map((one) => (one.id === changed.id ? changed : one)));
  const add = () => {
    if (id.trim() === "" || all.some((one) => one.id === id.trim())) return;
    onChange([...all, { id: id.trim(), parent: "", names: {}, priority: null, widens_s: null, form: null }]);
    setId("");
  };
  const move = (button: HTMLElement, category: string, by: -1 | 1) => {
    onChange(moved(all, category, by));
    requestAnimationFrame(() => button.focus()); // the browser takes the focus from an element that moves in the page
  };
  return (
    <fieldset class="card stack settings-categories">
      <legend>{t("group.categories")}</legend>
      <p class="field-hint">{t("category.lead")}</p>
      {inTree(all).map((one) => (
        <div key={one.id} class="settings-category" style={{ "--depth": depth(all, one.id) }} data-testid={`category-${one.id}`}>
          <div class="row">
            <strong>{one.id}</strong>
            <IconButton
              icon={ArrowUp}
              kind="quiet"
              label={t("category.up", { name: nameOf(one) })}
              onClick={(event) => move(event.currentTarget, one.id, -1)}
            />
            <IconButton
              icon={ArrowDown}
              kind="quiet"
              label={t("category.down", { name: nameOf(one) })}
              onClick={(event) => move(event.currentTarget, one.id, 1)}
            />
            <IconButton
              icon={X}
              kind="quiet"
              label={t("category.remove", { name: nameOf(one) })}
              onClick={() => onChange(without(all, one.id))}
            />
          </div>
          <div class="settings-fields">
            {settings.languages.map((language) => (
              <Field
                key={language}
                label={t("field.name.in", { language: languageName(language, locale()) })}
                value={one.names[language] ?? ""}
                error={problem(problems[`categories.${one.id}.names`])}
                data-testid={`category-${one.id}-${language}`}
                onInput={(event) => set({ ...one, names: { ...one.names, [language]: event.currentTarget.value } })}
              />
            ))}
            <Select
              label={t("category.parent")}
              choices={[
                { value: "", label: t("category.parent.none") },
                ...possibleParents(all, one.id).map((each) => ({ value: each.id, label: nameOf(each) })),
              ]}
              value={one.parent}
              error={problem(problems[`categories.${one.id}.parent`])}
              onChange={(event) => set({ ...one, parent: event.currentTarget.value })}
            />
            <Field
              label={t("category.priority")}
              hint={t("category.priority.hint")}
              type="number"
              min={-100}
              value={one.priority === null ? "" : String(one.priority)}
              error={problem(problems[`categories.${one.id}.priority`])}
              onInput={(event) =>
                set({ ...one, priority: event.currentTarget.value === "" ? null : Math.round(Number(event.currentTarget.value)) })
              }
            />
            <Widens
              value={one.widens_s}
              error={problem(problems[`categories.${one.id}.widens_s`])}
              testid={`category-${one.id}-widens`}
              onChange={(widens_s) => set({ ...one, widens_s })}
            />
          </div>
          <FormEditor
            category={one}
            languages={settings.languages}
            problems={problems}
            onChange={(form) => set({ ...one, form })}
          />
          {problem(problems[`categories.${one.id}.id`]) && (
            <p class="field-error" role="alert">
              {problem(problems[`categories.${one.id}.id`])}
            </p>
          )}
        </div>
      ))}
      <div class="row settings-add">
        <Field
          label={t("category.new")}
          value={id}
          data-testid="category-new"
          onInput={(event) => setId(event.currentTarget.value)}
        />
        <Button icon={Plus} onClick={add} data-testid="category-add">
          {t("category.add")}
        </Button>
      </div>
    </fieldset>
  );
}

interface WidensProps {
  value: number[] | null;
  error: string | undefined;
  testid: string;
  onChange: (value: number[] | null) => void;
}

function Widens({ value, error, testid, onChange }: WidensProps) {
  const [typed, setTyped] = useTyped(widensText(value), (text) => widensText(widensOf(text)));
  return (
    <Field
      label={t("category.widens")}
      hint={t("category.widens.hint")}
      value={typed}
      error={error}
      data-testid={testid}
      onInput={(event) => {
        setTyped(event.currentTarget.value);
        onChange(widensOf(event.currentTarget.value));
      }}
    />
  );
}
