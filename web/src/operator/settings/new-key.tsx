import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, Field, Select, TextArea, toast } from "../../ui";
import { addKey, problemsOf, type Problems } from "./api";
import { problem } from "./problems";
import { t } from "./texts";

const KINDS = ["secret", "public", "address"] as const;
type Kind = (typeof KINDS)[number];

interface NewKeyProps {
  site: string;
  onAdded: (made: { secret: string }) => void;
}

/** The form for a new signing key: a secret that our server makes, the back end's public key, or the address of its public
 *  keys. */
export function NewKey({ site, onAdded }: NewKeyProps) {
  const [kid, setKid] = useState("");
  const [kind, setKind] = useState<Kind>("secret");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<Problems>({});
  const add = async () => {
    setProblems({});
    setBusy(true);
    try {
      const key = { kid: kid.trim(), public: kind === "public" ? typed : "", address: kind === "address" ? typed : "" };
      onAdded(await addKey(site, key));
      setKid("");
      setTyped("");
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) toast(sentence(error), "error");
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="stack settings-new-key">
      <div class="row settings-add">
        <Field
          label={t("key.name")}
          value={kid}
          error={problem(problems.kid)}
          data-testid="key-name"
          onInput={(event) => setKid(event.currentTarget.value)}
        />
        <Select
          label={t("key.kind")}
          value={kind}
          choices={KINDS.map((one) => ({ value: one, label: t(`key.kind.${one}`) }))}
          data-testid="key-kind"
          onChange={(event) => {
            setKind(event.currentTarget.value as Kind);
            setTyped("");
            setProblems({});
          }}
        />
      </div>
      {kind === "public" && (
        <TextArea
          label={t("key.public")}
          hint={t("key.public.hint")}
          rows={4}
          spellcheck={false}
          value={typed}
          error={problem(problems.public)}
          data-testid="key-public"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      {kind === "address" && (
        <Field
          label={t("key.address")}
          hint={t("key.address.hint")}
          value={typed}
          error={problem(problems.address)}
          data-testid="key-address"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <div>
        <Button
          icon={Plus}
          disabled={busy || kid.trim() === "" || (kind !== "secret" && typed.trim() === "")}
          onClick={() => void add()}
          data-testid="key-add"
        >
          {t("key.add")}
        </Button>
      </div>
    </div>
  );
}
