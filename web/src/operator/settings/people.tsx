import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Field, toast } from "../../ui";
import { addPerson, newMember, people, problemsOf, type Added, type Problems } from "./api";
import { Found } from "./lists";
import { Handed } from "./handed";
import { askAboutPerson } from "../preview/api";
import { Preview } from "../preview/preview";
import { aboutWaits, PersonFields } from "./person-fields";
import { problem } from "./problems";
import { t } from "./texts";

/** The list of staff, with a form that adds a member. */
export function People() {
  const [adding, setAdding] = useState(false);
  return (
    <section class="stack">
      <div class="row">
        <h1>{t("area.people")}</h1>
        <Button icon={Plus} onClick={() => setAdding(true)} data-testid="person-add">
          {t("person.add")}
        </Button>
      </div>
      <Found what="people" load={people}>
        {(row) => (
          <a class="settings-row" href={`#settings/people/${encodeURIComponent(row.id)}`}>
            <strong>{row.name}</strong>
            <span class="dim">{row.roles.map((role) => shared(`role.${role}`)).join(", ")}</span>
            <span class="dim">{row.languages.join(", ")}</span>
            {!row.active && <span class="pill">{t("person.inactive")}</span>}
          </a>
        )}
      </Found>
      {adding && <AddPerson onClose={() => setAdding(false)} />}
    </section>
  );
}

function AddPerson({ onClose }: { onClose: () => void }) {
  const [login, setLogin] = useState("");
  const [settings, setSettings] = useState(newMember);
  const [problems, setProblems] = useState<Problems>({});
  const [added, setAdded] = useState<Added | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblems({});
    try {
      setAdded(await addPerson(login, settings));
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) toast(sentence(error), "error");
    }
    setBusy(false);
  };
  const close = () => {
    onClose();
    if (added !== null) location.hash = `settings/people/${encodeURIComponent(added.member.id)}`;
  };
  return (
    <Dialog title={t("person.add")} closeLabel={shared("cancel")} onClose={close} data-testid="person-add-dialog">
      {added === null ? (
        <form class="stack" noValidate onSubmit={(event) => void save(event)}>
          <Field
            label={t("field.login")}
            hint={t("field.login.hint")}
            autoFocus
            value={login}
            error={problem(problems.login)}
            data-testid="person-login"
            onInput={(event) => setLogin(event.currentTarget.value)}
          />
          <PersonFields settings={settings} problems={problems} onChange={setSettings} />
          <Preview changed={settings.name.trim() === "" ? "" : aboutWaits(settings)} ask={askAboutPerson("", settings)} />
          <div class="row row-end">
            <Button kind="quiet" onClick={onClose}>
              {shared("cancel")}
            </Button>
            <Button kind="primary" type="submit" busy={busy} data-testid="person-add-save">
              {t("save")}
            </Button>
          </div>
        </form>
      ) : (
        <div class="stack">
          <Handed added={added} />
          <div class="row row-end">
            <Button kind="primary" onClick={close}>
              {t("done")}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
