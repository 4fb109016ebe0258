import { useState } from "preact/hooks";
import { attempt } from "../../staff/attempt";
import { Confirm } from "../../staff/confirm";
import { Button } from "../../ui";
import { Loaded } from "../loaded";
import { removeKey, signingKeys, type SigningKey } from "./api";
import { NewKey } from "./new-key";
import { Once } from "./once";
import { t } from "./texts";

/** Lists the signing keys of a site's back end. Operators add and remove keys here. A new secret is shown once. */
export function Keys({ site, onChanged }: { site: string; onChanged: () => void }) {
  const [round, setRound] = useState(0);
  const [secret, setSecret] = useState("");
  const [retiring, setRetiring] = useState("");
  const changed = () => {
    setRound(round + 1);
    onChanged();
  };
  const retire = () =>
    attempt(async () => {
      await removeKey(site, retiring);
      changed();
    });
  return (
    <section class="card stack" data-testid="site-keys">
      <h2>{t("group.keys")}</h2>
      <p class="dim">{t("key.lead")}</p>
      <Loaded what={`keys ${site} ${round}`} load={() => signingKeys(site)}>
        {(keys) => (
          <>
            {keys.map((key) => (
              <Row key={key.kid} signing={key} onRetire={() => setRetiring(key.kid)} />
            ))}
          </>
        )}
      </Loaded>
      {secret !== "" && <Once label={t("key.secret")} text={secret} hint={t("key.secret.hint")} />}
      <NewKey
        site={site}
        onAdded={(made) => {
          setSecret(made.secret);
          changed();
        }}
      />
      {retiring !== "" && (
        <Confirm
          title={t("key.retire.title", { name: retiring })}
          yes={t("key.retire")}
          testid="key-retire-confirm"
          onYes={retire}
          onClose={() => setRetiring("")}
        >
          <p>{t("key.retire.text")}</p>
        </Confirm>
      )}
    </section>
  );
}

function Row({ signing, onRetire }: { signing: SigningKey; onRetire: () => void }) {
  const { kid, kind, address, keys } = signing;
  return (
    <div class="row settings-key">
      <code>{kid}</code>
      <span class="pill">{kind === "address" ? "JWKS" : kind}</span>
      {address !== "" && <span class="dim settings-address">{address}</span>}
      {keys !== null && <span class="dim">{t("key.count", { count: keys })}</span>}
      <Button kind="quiet" onClick={onRetire}>
        {t("key.retire")}
      </Button>
    </div>
  );
}
