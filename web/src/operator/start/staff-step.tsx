import { useState } from "preact/hooks";
import type { StaffRole } from "../../messages";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Failure, Field, Select, locale, toast } from "../../ui";
import { Loaded } from "../loaded";
import { addPerson, newLink, newMember, people, problemsOf, type Problems } from "../settings/api";
import { Listed } from "../listed";
import { Once } from "../settings/once";
import { problem } from "../settings/problems";
import { t as settings } from "../settings/texts";
import { StartFrame } from "./frame";
import { useKept } from "./kept";
import { t } from "./texts";

const ROLES = ["counselor", "professional", "supervisor", "manager"] as const satisfies StaffRole[];

interface Typed {
  name: string;
  login: string;
  role: StaffRole;
  languages: string[];
}

/** The third step of the setup of a new installation, which adds the people who answer visitors. Each of these people gets a
 *  link, which is shown once. */
export function StaffStep() {
  const [typed, change, forget] = useKept<Typed>("staff", { name: "", login: "", role: "counselor", languages: [locale()] });
  const [links, setLinks] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState<Problems>({});
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblems({});
    setFailed("");
    const { login, role, ...rest } = typed;
    try {
      const added = await addPerson(login, { ...newMember(), ...rest, roles: [role] });
      setLinks({ ...links, [added.member.id]: added.link });
      forget();
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) setFailed(sentence(error));
    }
    setBusy(false);
  };
  const again = (id: string) =>
    newLink(id).then(
      (made) => setLinks({ ...links, [id]: made.link }),
      (error: unknown) => toast(sentence(error), "error"),
    );
  return (
    <StartFrame step="staff" lead={t("staff.lead")}>
      <Loaded what={`staff of the first start ${Object.keys(links).join(" ")}`} load={() => people("", 1)}>
        {(found) => (
          <ul class="start-people" data-testid="start-people">
            {found.items.map((person) => (
              <li key={person.id} class="stack">
                <p class="row">
                  <strong>{person.name}</strong> <span class="dim">{person.login}</span>
                  <span class="dim">{person.roles.map((role) => shared(`role.${role}`)).join(", ")}</span>
                  {!links[person.id] && !person.roles.includes("owner") && (
                    <Button kind="quiet" onClick={() => void again(person.id)}>
                      {settings("person.link.make")}
                    </Button>
                  )}
                </p>
                {links[person.id] && (
                  <Once
                    label={settings("person.link")}
                    text={links[person.id]!}
                    hint={settings("person.link.hint", { name: person.name })}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <form class="stack start-add" noValidate onSubmit={(event) => void add(event)}>
        <h2>{settings("person.add")}</h2>
        <Field
          label={settings("field.name")}
          value={typed.name}
          error={problem(problems.name)}
          data-testid="start-person-name"
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        <Field
          label={settings("field.login")}
          hint={settings("field.login.hint")}
          value={typed.login}
          error={problem(problems.login)}
          data-testid="start-person-login"
          onInput={(event) => change({ login: event.currentTarget.value })}
        />
        <Select
          label={settings("field.roles")}
          choices={ROLES.map((role) => ({ value: role, label: shared(`role.${role}`) }))}
          value={typed.role}
          onChange={(event) => change({ role: event.currentTarget.value as StaffRole })}
        />
        <Listed
          label={settings("field.speaks")}
          hint={settings("field.languages.hint")}
          value={typed.languages}
          error={problem(problems.languages)}
          onChange={(languages) => change({ languages })}
        />
        <Failure text={failed} />
        <div class="row row-end">
          <Button type="submit" busy={busy} data-testid="start-person-add">
            {t("staff.add")}
          </Button>
        </div>
      </form>
      <div class="row row-end">
        <Button kind="primary" data-testid="start-next" onClick={() => (location.hash = "start/ready")}>
          {t("next")}
        </Button>
      </div>
    </StartFrame>
  );
}
