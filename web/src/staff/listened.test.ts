import { describe, expect, it } from "vitest";
import type { HelpView, ListenAs, ParticipantView, SessionView } from "../messages";
import { aParticipant, aSession, drHan, jimin } from "../room/testing";
import { listened } from "./listened";

const ops = (listens: ListenAs, changes: Partial<ParticipantView> = {}) =>
  aParticipant({ id: "ops", name: "Ops", role: "operator", listens, ...changes });

const seen = (viewer: string, listens: ListenAs, changes: Partial<SessionView> = {}) =>
  listened(aSession({ you: viewer, participants: [aParticipant({ name: "Kim" }), jimin(), drHan(), ops(listens)], ...changes }));

const consultation = { mode: "consultation" } as HelpView;

describe("what staff are told about operators", () => {
  it("tells the counselor that only they hear a whisper", () => {
    expect(seen("p2", "whisper")).toMatchObject([{ how: "whisper", key: "listened.whisper", args: { name: "Ops" } }]);
  });

  it("tells a professional whom the operator whispers to, and in a consultation that the visitor does not hear", () => {
    expect(seen("p3", "whisper")).toMatchObject([{ key: "listened.whisper.other", args: { counselor: "Jimin" } }]);
    for (const viewer of ["p2", "p3"])
      expect(seen(viewer, "whisper", { help: consultation })).toMatchObject([{ key: "listened.whisper.staff" }]);
  });

  it("says of an operator who has joined whether the visitor hears them", () => {
    const { room } = aSession();
    expect(seen("p2", "join")).toMatchObject([{ key: "listened.joined" }]);
    expect(seen("p2", "join", { help: consultation })).toMatchObject([{ key: "listened.joined.hold" }]);
    expect(seen("p2", "join", { room: { ...room!, held: true } })).toMatchObject([{ key: "listened.joined.hold" }]);
  });

  it("names all who only listen in one sentence, and says who is muted", () => {
    const participants = [
      aParticipant(),
      jimin(),
      ops("listen"),
      ops("listen", { id: "o2", name: "Eva" }),
      ops("whisper", { id: "o3", name: "Max", media: { mic: false, camera: false, screen: false, interrupted: "" } }),
    ];
    expect(listened(aSession({ you: "p2", participants }))).toMatchObject([
      { how: "listen", args: { names: "Ops, Eva" }, muted: false },
      { how: "whisper", args: { name: "Max" }, muted: true },
    ]);
  });
});
