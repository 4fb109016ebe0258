import { render } from "preact";
import { applyLanguage } from "../staff/prefs";
import { Gate } from "../staff/gate";
import "../ui/tokens.css";
import "../ui/components.css";
import "../staff/staff.css";
import "../staff/replies/replies.css";
import "../staff/account/account.css";
import { Announcer, onLocale, whenReady } from "../ui";
import { Operator } from "./operator";
import "./operator.css";
import "./wrap-up/wrap-up.css";
import "./reports/reports.css";
import { t } from "./texts";

applyLanguage();
onLocale(() => {
  document.title = `${t("title")} · Sangdam`;
});
whenReady(() =>
  render(
    <>
      <Gate page="operator">{(onSignedOut) => <Operator onSignedOut={onSignedOut} />}</Gate>
      <Announcer />
    </>,
    document.getElementById("app")!,
  ),
);
