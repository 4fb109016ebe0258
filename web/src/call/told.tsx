/** Screens of the call window without a call: they say why there is no call, or that the visitor has left a message. */

import { AppWindow, CircleCheck, Store, TriangleAlert } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import type { SessionView } from "../messages";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import type { Call } from "./call";
import { t } from "./rare/words";

export const Direct = () => (
  <Message icon={Store} title={t("direct.title")} text={t("direct.text")} testid="start-from-shop">
    {window.opener !== null && <Button onClick={() => window.close()}>{t("direct.close")}</Button>}
  </Message>
);

/** Says that the call could not be prepared. `why`: the reason that the panel or the server gave; "" if they gave none. */
export const Unprepared = ({ why }: { why: string }) => (
  <Message icon={TriangleAlert} title={t("error.title")} text={why || t("error.text")} testid="call-error">
    <Button kind="primary" onClick={() => window.close()}>
      {t("error.close")}
    </Button>
  </Message>
);

/** `away`: whether the visitor wanted to go on here, but the conversation goes on in another browser. */
export const Expired = ({ away }: { away: boolean }) => (
  <Message
    icon={away ? AppWindow : Store}
    title={t(away ? "away.title" : "expired.title")}
    text={t(away ? "away.text" : "expired.text")}
    testid={away ? "away" : "expired"}
  />
);

export const Replaced = ({ call }: { call: Call }) => (
  <Message icon={AppWindow} title={t("replaced.title")} text={t("replaced.text")} testid="taken-over">
    <Button kind="primary" onClick={() => call.useHere()} data-testid="use-here">
      {t("replaced.here")}
    </Button>
  </Message>
);

export const MessageLeft = ({ session }: { session: SessionView }) => (
  <Message
    icon={CircleCheck}
    title={t("message.left.title")}
    text={t("message.left.text", { site: session.site.name })}
    testid="message-left"
  />
);

interface MessageProps {
  icon: IconNode;
  title: string;
  text: string;
  testid: string;
  children?: ComponentChildren;
}

function Message({ icon, title, text, testid, children }: MessageProps) {
  return (
    <main class="message card" data-testid={testid}>
      <Icon node={icon} size={40} />
      <div role="alert">
        <h1>{title}</h1>
        <p>{text}</p>
      </div>
      {children}
    </main>
  );
}
