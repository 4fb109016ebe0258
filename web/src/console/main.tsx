import { render } from "preact";
import "../ui/tokens.css";
import "../ui/components.css";
import "../room/room.css";
import "./staff.css";
import "./console.css";
import { Announcer } from "../ui";
import { Desk } from "./desk";
import { Gate } from "./gate";
import { applyLanguage } from "./prefs";
import { t } from "./texts";

applyLanguage();
document.title = t("app.name");
render(
  <>
    <Gate page="console">{(onSignedOut) => <Desk onSignedOut={onSignedOut} />}</Gate>
    <Announcer />
  </>,
  document.getElementById("app")!,
);
