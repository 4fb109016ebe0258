import { decoded } from "../../staff/address";
import { may } from "../../staff/rights";
import { People } from "./people";
import { Person } from "./person";
import { Site } from "./site";
import { Sites } from "./sites";
import { Tokens } from "./tokens";
import "./settings.css";
import { t } from "./texts";
import { Webhooks } from "./webhooks";

const AREAS = [
  ["sites", "sites.change"],
  ["people", "people.change"],
  ["api", "tokens.change"],
  ["webhooks", "webhooks.change"],
] as const;

const shown = () => AREAS.filter(([, action]) => may(action)).map(([area]) => area);

/** The settings: sites, people, API tokens and webhooks. `where`: the rest of the address, such as "sites/shop". */
export function SettingsPart({ where }: { where: string }) {
  const mine = shown();
  const [first = "", ...rest] = where.split("/");
  const area = mine.find((one) => one === first) ?? mine[0];
  const id = decoded(rest.join("/"));
  return (
    <div class="past settings" data-testid="settings">
      <nav class="segments" aria-label={t("areas")}>
        {mine.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === area}
            data-testid={`settings-${one}`}
            onClick={() => (location.hash = `settings/${one}`)}
          >
            {t(`area.${one}`)}
          </button>
        ))}
      </nav>
      {area === "sites" && (id === "" ? <Sites /> : <Site key={id} id={id} />)}
      {area === "api" && <Tokens />}
      {area === "people" && (id === "" ? <People /> : <Person key={id} id={id} />)}
      {area === "webhooks" && <Webhooks />}
    </div>
  );
}
