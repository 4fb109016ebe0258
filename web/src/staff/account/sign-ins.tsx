import { Monitor, Smartphone } from "lucide";
import { Button, Icon, toast, useLocale } from "../../ui";
import { dateTime } from "../format";
import { endOthers, endSignIn, type SignInItem } from "./api";
import { explain } from "./refusals";
import { t } from "./texts";

const PHONES = /iPhone|Android/;

/** Returns, in words, the time at which a sign-in was last used. "Now" stands for the last two minutes, because the server stores
 *  these times only once a minute. */
export function lastSeen(item: SignInItem, now: number, locale: string): string {
  if (item.here || now - item.seen_at < 120_000) return t("signins.now");
  return t("signins.seen", { time: dateTime(item.seen_at, locale) });
}

interface SignInsProps {
  items: SignInItem[];
  onChanged: () => void;
}

/** Lists the browsers in which the person is signed in. Beside each browser, except the present one, is a button that ends the
 *  sign-in in that browser. */
export function SignIns({ items, onChanged }: SignInsProps) {
  const locale = useLocale();
  const run = async (work: Promise<unknown>) => {
    try {
      await work;
      toast(t("signins.ended"));
    } catch (error) {
      toast(explain(error), "error");
    }
    onChanged();
  };
  return (
    <>
      <ul class="account-list">
        {items.map((item) => (
          <li key={item.id} data-testid="sign-in-item">
            <Icon node={PHONES.test(item.device) ? Smartphone : Monitor} />
            <div class="account-grow">
              <p>
                <strong>{item.device || t("signins.unknown")}</strong>{" "}
                {item.here && <span class="pill pill-ok">{t("signins.here")}</span>}
              </p>
              <p class="dim">
                {[item.network, t("signins.since", { time: dateTime(item.since, locale) })].filter(Boolean).join(" · ")}
              </p>
              <p class="dim">{lastSeen(item, Date.now(), locale)}</p>
            </div>
            {!item.here && (
              <Button
                aria-label={t("signins.end.one", { device: item.device || t("signins.unknown") })}
                data-testid="sign-in-end"
                onClick={() => void run(endSignIn(item.id))}
              >
                {t("signins.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {items.length > 2 && (
        <div>
          <Button kind="danger" data-testid="sign-in-end-others" onClick={() => void run(endOthers())}>
            {t("signins.end.others")}
          </Button>
        </div>
      )}
      {items.length === 1 && <p class="dim">{t("signins.only")}</p>}
    </>
  );
}
