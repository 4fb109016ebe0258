import { render } from "preact";
import { applyLanguage } from "../console/prefs";
import { Gate } from "../console/gate";
import "../ui/tokens.css";
import "../ui/components.css";
import "../console/staff.css";
import { Announcer } from "../ui";
import { Operator } from "./operator";
import "./operator.css";
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
