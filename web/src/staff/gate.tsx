import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, useLocale } from "../ui";
import { signOut, whoAmI, type Signed } from "./api";
import { ConfirmMail } from "./account/confirm-mail";
import { NewPassword, takeLinkToken } from "./account/new-password";
import { explain, takeProviderRefusal } from "./account/refusals";
import { Stranger } from "./account/stranger";
import { SetUp } from "./account/set-up";
import { grant, mayUse } from "./rights";
import { SignIn } from "./sign-in";
import { t } from "./texts";

type State =
  | { kind: "looking" }
  | { kind: "unreachable"; words: string }
  | { kind: "out"; because: string }
  | { kind: "link"; token: string }
  | { kind: "stranger"; token: string }
  | { kind: "mail"; token: string }
  | { kind: "setting_up"; who: Signed }
  | { kind: "in"; who: Signed };

interface GateProps {
  page: "console" | "operator";
  children: (onSignedOut: (because: string) => void) => ComponentChildren;
}

/** Shows the page to people who are signed in and allowed to use it. Shows the sign-in page to everyone else. */
export function Gate({ page, children }: GateProps) {
  useLocale();
  const [state, setState] = useState<State>({ kind: "looking" });
  const look = () => {
    setState({ kind: "looking" });
    whoAmI().then(
      (who) => (who === null ? setState({ kind: "out", because: "" }) : enter(who)),
      (error: unknown) => setState({ kind: "unreachable", words: explain(error) }),
    );
  };
  /** Shows the page to the person. If the person's roles do not allow this page, signs them out, so that they can sign in
   *  under another login. */
  const enter = (who: Signed) => {
    if (mayUse(page, who.may)) {
      grant(who.may, who.roles);
      setState({ kind: who.must_set_up ? "setting_up" : "in", who });
    } else
      void signOut()
        .catch(() => undefined)
        .then(() => setState({ kind: "out", because: t("signin.role") }));
  };
  useEffect(() => {
    const token = takeLinkToken("new-password");
    const stranger = takeLinkToken("not-me");
    const mail = takeLinkToken("confirm-mail");
    const because = takeProviderRefusal();
    if (token !== "") setState({ kind: "link", token });
    else if (stranger !== "") setState({ kind: "stranger", token: stranger });
    else if (mail !== "") setState({ kind: "mail", token: mail });
    else if (because !== "") setState({ kind: "out", because });
    else look();
  }, []);

  switch (state.kind) {
    case "looking":
      return <div class="signin" aria-busy="true" />;
    case "unreachable":
      return (
        <main class="signin">
          <div class="card stack" role="alert">
            <p>{state.words}</p>
            <Button kind="primary" onClick={look}>
              {t("signin.again")}
            </Button>
          </div>
        </main>
      );
    case "link":
      return <NewPassword token={state.token} onDone={(because) => setState({ kind: "out", because })} />;
    case "stranger":
      return <Stranger token={state.token} onDone={(because) => setState({ kind: "out", because })} />;
    case "mail":
      return <ConfirmMail token={state.token} onDone={look} />;
    case "setting_up":
      return <SetUp onDone={look} onSignedOut={(because) => setState({ kind: "out", because })} />;
    case "out":
      return <SignIn page={page} because={state.because} onSigned={enter} />;
    case "in":
      return <>{children((because) => setState({ kind: "out", because }))}</>;
  }
}
