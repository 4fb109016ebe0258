import { render } from "preact";
import { applyLanguage } from "../staff/prefs";
import { Gate } from "../staff/gate";
import "../ui/tokens.css";
import "../ui/components.css";
import "../staff/staff.css";
import "../staff/replies/replies.css";
import "../staff/account/account.css";
import { useState } from "preact/hooks";
import { Announcer, onLocale, whenReady, withTexts } from "../ui";
import { Loaded } from "./loaded";
import { Operator } from "./operator";
import "./operator.css";
import "./wallboard.css";
import "./table.css";
import "./past.css";
import "./doctor.css";
import "./hours.css";
import "./wrap-up/wrap-up.css";
import "./reports/reports.css";
import { takeFirstLink } from "./start/link";
import { t } from "./texts";

/** The page of operators. With the link that `sangdam init` prints, the page shows the first step of the setup instead, which
 *  makes the owner's account. */
function Page() {
  const [link, setLink] = useState(takeFirstLink);
  if (link === "") return <Gate page="operator">{(onSignedOut) => <Operator onSignedOut={onSignedOut} />}</Gate>;
  const done = (signedIn: boolean) => {
    if (signedIn) location.hash = "start/site";
    setLink("");
  };
  return (
    <Loaded what="first start" load={() => withTexts(import("./start/owner"))}>
      {({ FirstOwner }) => <FirstOwner token={link} onDone={done} />}
    </Loaded>
  );
}

applyLanguage();
onLocale(() => {
  document.title = `${t("title")} · Sangdam`;
});
whenReady(() =>
  render(
    <>
      <Page />
      <Announcer />
    </>,
    document.getElementById("app")!,
  ),
);
