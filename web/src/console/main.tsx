import { render } from "preact";
import "../ui/tokens.css";
import "../ui/components.css";
import "../room/stage.css";
import "../room/controls.css";
import "../room/chat.css";
import "../staff/staff.css";
import "../staff/replies/replies.css";
import "../staff/account/account.css";
import "./desk.css";
import "./lane.css";
import "./ring.css";
import "./room.css";
import "./people.css";
import "./work.css";
import "./reading.css";
import "./hearing.css";
import "./person/person.css";
import "./mentions/mentions.css";
import "./wrapup.css";
import "./phone.css";
import { Announcer, onLocale, whenReady } from "../ui";
import { Desk } from "./desk";
import { watchPresses } from "./pressed";
import { Gate } from "../staff/gate";
import { applyLanguage } from "../staff/prefs";
import "../room/guests/words";
import { addTexts } from "../room/words";
import { t, textOr } from "../staff/texts";

applyLanguage();
watchPresses();
addTexts((key, args) => textOr(key, "", args));
onLocale(() => {
  document.title = t("app.name");
});
whenReady(() =>
  render(
    <>
      <Gate page="console">{(onSignedOut) => <Desk onSignedOut={onSignedOut} />}</Gate>
      <Announcer />
    </>,
    document.getElementById("app")!,
  ),
);
