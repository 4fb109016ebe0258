import { render } from "preact";
import { applyLanguage } from "../staff/prefs";
import { Gate } from "../staff/gate";
import "../ui/tokens.css";
import "../ui/components.css";
import "../staff/staff.css";
import "../staff/replies/replies.css";
import "../staff/account/account.css";
import { Announcer } from "../ui";
import { Operator } from "./operator";
import "./operator.css";
import "./wrap-up/wrap-up.css";
import { t } from "./texts";

applyLanguage();
document.title = `${t("title")} · Sangdam`;
render(
  <>
    <Gate page="operator">{(onSignedOut) => <Operator onSignedOut={onSignedOut} />}</Gate>
    <Announcer />
  </>,
  document.getElementById("app")!,
);
