import { Plus, Trash2 } from "lucide";
import { useState } from "preact/hooks";
import type { TokenRight } from "../../messages";
import { attempt } from "../../staff/attempt";
import { dateTime } from "../../staff/format";
import { Button, IconButton, useLocale } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { Loaded } from "../loaded";
import { removeToken, tokens, type TokenItem, type TokenPage } from "./api";
import { NewTokenDialog } from "./new-token";
import { t } from "./texts";

/** The list of the organisation's API tokens, and a dialog that makes a token. */
export function Tokens() {
  const [version, setVersion] = useState(0);
  const locale = useLocale();
  return (
    <section class="stack" data-testid="tokens">
      <Loaded key={`${version} ${locale}`} what="tokens" load={tokens}>
        {(page) => <TokenList page={page} onChanged={() => setVersion(version + 1)} />}
      </Loaded>
    </section>
  );
}

function TokenList({ page, onChanged }: { page: TokenPage; onChanged: () => void }) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<TokenItem | null>(null);
  const remove = (item: TokenItem) =>
    attempt(async () => {
      await removeToken(item.id);
      onChanged();
    });
  return (
    <>
      <div class="row">
        <h1>{t("area.api")}</h1>
        <Button icon={Plus} onClick={() => setAdding(true)} data-testid="token-add">
          {t("token.add")}
        </Button>
      </div>
      <p class="dim">
        {t("token.lead")} {t("token.end")}
      </p>
      {page.items.length === 0 && <p class="notice">{t("token.none")}</p>}
      <ul class="settings-list" data-testid="token-list">
        {page.items.map((item) => (
          <li key={item.id}>
            <TokenRow item={item} onRemove={() => setRemoving(item)} />
          </li>
        ))}
      </ul>
      {adding && (
        <NewTokenDialog
          rights={page.may_give}
          onClose={(made) => {
            setAdding(false);
            if (made) onChanged();
          }}
        />
      )}
      {removing !== null && (
        <Confirm
          title={t("token.remove.title", { name: removing.name })}
          yes={t("token.remove")}
          testid="token-remove-confirm"
          onYes={() => remove(removing)}
          onClose={() => setRemoving(null)}
        >
          <p>{t("token.remove.text")}</p>
        </Confirm>
      )}
    </>
  );
}

const rightText = (right: TokenRight) => t(`token.right.${right}`);

function TokenRow({ item, onRemove }: { item: TokenItem; onRemove: () => void }) {
  const locale = useLocale();
  const where = item.sites.includes("*") ? t("field.sites.all") : item.sites.join(", ");
  const used = item.used_at === 0 ? t("token.used.never") : t("token.used", { time: dateTime(item.used_at, locale) });
  return (
    <div class="settings-token">
      <div class="stack">
        <p class="row">
          <strong>{item.name}</strong>
          {!item.works && <span class="pill">{t("token.ended")}</span>}
        </p>
        <p>
          {item.rights.map(rightText).join(" · ")} <span class="dim">({where})</span>
        </p>
        <p class="dim">
          {[
            t("token.maker", { name: item.maker || t("token.maker.cli") }),
            used,
            t("token.expires", { time: dateTime(item.expires_at, locale) }),
          ].join(" · ")}
        </p>
      </div>
      <IconButton
        icon={Trash2}
        kind="quiet"
        label={`${t("token.remove")}: ${item.name}`}
        data-testid={`token-remove-${item.id}`}
        onClick={onRemove}
      />
    </div>
  );
}
