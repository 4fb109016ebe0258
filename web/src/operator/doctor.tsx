import { useState } from "preact/hooks";
import { Button, useLocale } from "../ui";
import { inOrder, type Finding } from "./logic/findings";
import { Loaded } from "./loaded";
import { doctor } from "./records";
import { t } from "./texts";

function Row({ finding }: { finding: Finding }) {
  return (
    <li class={`finding finding-${finding.state}`} data-testid="finding">
      <strong class="finding-state">{t(`doctor.${finding.state}`)}</strong>
      <div>
        <p>{finding.says}</p>
        {finding.do !== "" && <p class="finding-do">{finding.do}</p>}
      </div>
    </li>
  );
}

/** Shows what the server finds when it checks itself and its machine, the worst findings first. */
export function Doctor() {
  const locale = useLocale();
  const [times, setTimes] = useState(0);
  return (
    <div class="past">
      <div class="doctor-head">
        <p class="dim">{t("doctor.lead")}</p>
        <Button onClick={() => setTimes(times + 1)}>{t("doctor.again")}</Button>
      </div>
      <Loaded key={`${times} ${locale}`} what="doctor" load={() => doctor()}>
        {(found) => (
          <ul class="findings">
            {inOrder(found).map((finding) => (
              <Row key={`${finding.about} ${finding.says}`} finding={finding} />
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  );
}
