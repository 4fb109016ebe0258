import { ArrowLeft } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { sentence } from "../../staff/refusals";
import { Button, Icon, toast } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { WorkingHours } from "../appointments/working-hours";
import { Loaded } from "../loaded";
import {
  mailLink,
  newLink,
  person as load,
  problemsOf,
  savePerson,
  type Added,
  type Problems,
  type StaffSettings,
  type StoredStaff,
} from "./api";
import { Handed } from "./handed";
import { merge, type Merged } from "./merge";
import { askAboutPerson } from "../preview/api";
import { Preview } from "../preview/preview";
import { aboutWaits, PersonFields } from "./person-fields";
import { problem } from "./problems";
import { Others } from "./site";
import { t } from "./texts";

/** The settings of one member of staff, and buttons for everything else that an operator can do for this member. */
export function Person({ id }: { id: string }) {
  return (
    <Loaded what={id} load={() => load(id)}>
      {(stored) => <PersonForm stored={stored} />}
    </Loaded>
  );
}

function PersonForm({ stored: first }: { stored: StoredStaff }) {
  const [stored, setStored] = useState(first);
  const [settings, setSettings] = useState(first.settings);
  const [problems, setProblems] = useState<Problems>({});
  const [failed, setFailed] = useState("");
  const [merged, setMerged] = useState<Merged<StaffSettings> | null>(null);
  const [busy, setBusy] = useState(false);
  const [handed, setHanded] = useState<Added | null>(null);
  const [leaving, setLeaving] = useState(false);
  const save = async (wanted: StaffSettings) => {
    setBusy(true);
    setFailed("");
    setProblems({});
    try {
      const saved = await savePerson(stored.id, stored.version, wanted);
      setStored(saved);
      setSettings(saved.settings);
      setMerged(null);
      toast(t("saved"));
      setBusy(false);
      return true;
    } catch (error) {
      setProblems(problemsOf(error));
      if (error instanceof ApiError && error.reason === "changed_meanwhile") {
        const newest = await load(stored.id);
        const found = merge(stored.settings, wanted, newest.settings);
        setStored(newest);
        setSettings(found.value);
        setMerged(found);
      } else setFailed(Object.keys(problemsOf(error)).length > 0 ? t("problems") : sentence(error));
    }
    setBusy(false);
    return false;
  };
  const hand = (making: Promise<Added>) => {
    setHanded(null);
    return making.then(setHanded, (error: unknown) => {
      toast(sentence(error), "error");
    });
  };
  const preview = (wanted: StaffSettings) => {
    const differs = aboutWaits(wanted) !== aboutWaits(stored.settings);
    return <Preview changed={differs ? aboutWaits(wanted) || "none" : ""} ask={askAboutPerson(stored.id, wanted)} />;
  };
  return (
    <div class="stack">
      <a class="row" href="#settings/people">
        <Icon node={ArrowLeft} /> {t("area.people")}
      </a>
      <h1>
        {stored.settings.name} <span class="dim">{stored.login}</span>{" "}
        {!stored.settings.active && <span class="pill">{t("person.inactive")}</span>}
      </h1>
      <form
        class="card stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save(settings);
        }}
      >
        <PersonFields settings={settings} problems={problems} onChange={setSettings} />
        {preview(settings)}
        {merged !== null && <Others merged={merged} />}
        {(failed || problems.active) && (
          <p class="notice notice-danger" role="alert">
            {problem(problems.active) ?? failed}
          </p>
        )}
        <div class="row row-end">
          {stored.settings.mail !== "" && (
            <Button kind="quiet" onClick={() => void hand(mailLink(stored.id))} data-testid="person-mail-link">
              {t("person.link.mail")}
            </Button>
          )}
          <Button kind="quiet" onClick={() => void hand(newLink(stored.id))} data-testid="person-link">
            {t("person.link.make")}
          </Button>
          {stored.settings.active ? (
            <Button kind="quiet" onClick={() => setLeaving(true)} data-testid="person-deactivate">
              {t("person.deactivate")}
            </Button>
          ) : (
            <Button kind="quiet" onClick={() => void save({ ...settings, active: true })}>
              {t("person.activate")}
            </Button>
          )}
          <Button kind="primary" type="submit" busy={busy} data-testid="person-save">
            {t("save")}
          </Button>
        </div>
      </form>
      {handed !== null && <Handed added={handed} />}
      {stored.settings.roles.includes("counselor") && <WorkingHours staff={stored.id} active={stored.settings.active} />}
      {leaving && (
        <Confirm
          title={t("person.deactivate.title", { name: stored.settings.name })}
          yes={t("person.deactivate")}
          testid="person-deactivate-confirm"
          onYes={() => save({ ...settings, active: false })}
          onClose={() => setLeaving(false)}
        >
          <p>{t("person.deactivate.text")}</p>
          {preview({ ...settings, active: false })}
        </Confirm>
      )}
    </div>
  );
}
