import { useEffect, useState } from "preact/hooks";
import { NewPasswordField } from "../../staff/account/password";
import { explain, isRefused } from "../../staff/account/refusals";
import { post } from "../../staff/api";
import { Button, Failure, Field, locale, useLocale } from "../../ui";
import { problemsOf, type Problems } from "../settings/api";
import { problem } from "../settings/problems";
import { StartFrame } from "./frame";
import { useKept } from "./kept";
import { forgetFirstLink } from "./link";
import { t } from "./texts";

type Link = "looking" | "works" | "over";

interface FirstOwnerProps {
  token: string;
  /** Called when the owner is signed in (`signedIn`), or wants to see the sign-in page because the link does not work. */
  onDone: (signedIn: boolean) => void;
}

/** The first step of the setup: the person who has the link that `sangdam init` prints becomes the installation's owner. */
export function FirstOwner({ token, onDone }: FirstOwnerProps) {
  useLocale();
  const [link, setLink] = useState<Link>("looking");
  const [typed, change, forget] = useKept("owner", { organisation: "", name: "", login: "", serves: false });
  const [password, setPassword] = useState("");
  const [problems, setProblems] = useState<Problems>({});
  const [weak, setWeak] = useState("");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const refuse = (error: unknown) => {
    if (isRefused(error, "link_over")) setLink("over");
    else if (isRefused(error, "weak_password")) setWeak(explain(error));
    else if (Object.keys(problemsOf(error)).length > 0) setProblems(problemsOf(error));
    else setFailed(explain(error));
  };
  useEffect(() => {
    post("/api/first-start/look", { token }).then(
      () => setLink("works"),
      (error: unknown) => {
        setLink("works");
        refuse(error);
      },
    );
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblems({});
    setWeak("");
    setFailed("");
    try {
      await post("/api/first-start", { token, ...typed, password, language: locale() });
      forgetFirstLink();
      forget();
      onDone(true);
    } catch (error) {
      refuse(error);
      setBusy(false);
    }
  };
  const text = (field: "organisation" | "name" | "login", autoComplete: string) => (
    <Field
      label={t(`owner.${field}`)}
      hint={t(`owner.${field}.hint`)}
      name={field}
      autoComplete={autoComplete}
      value={typed[field]}
      error={problem(problems[field])}
      data-testid={`start-${field}`}
      onInput={(event) => change({ [field]: event.currentTarget.value })}
    />
  );
  if (link === "looking") return <div class="signin" aria-busy="true" />;
  if (link === "over")
    return (
      <StartFrame step="owner" lead={t("over.lead")}>
        <div class="notice settings-once start-over" role="alert" data-testid="start-over">
          <p>{t("over.new")}</p>
          <code>sangdam init</code>
        </div>
        <Button
          kind="primary"
          onClick={() => {
            forgetFirstLink();
            onDone(false);
          }}
        >
          {t("over.sign_in")}
        </Button>
      </StartFrame>
    );
  return (
    <StartFrame step="owner" lead={t("owner.lead")}>
      <form class="stack" noValidate onSubmit={(event) => void submit(event)}>
        {text("organisation", "organization")}
        {text("name", "name")}
        {text("login", "username")}
        <NewPasswordField value={password} error={weak} onInput={setPassword} />
        <label class="check">
          <input
            type="checkbox"
            checked={typed.serves}
            data-testid="start-serves"
            onChange={(event) => change({ serves: event.currentTarget.checked })}
          />{" "}
          {t("owner.serves")}
        </label>
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="primary" type="submit" busy={busy} data-testid="start-next">
            {t("next")}
          </Button>
        </div>
      </form>
    </StartFrame>
  );
}
