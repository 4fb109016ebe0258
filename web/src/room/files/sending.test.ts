import { expect, test } from "vitest";
import { createStore } from "../../ui/store";
import type { Client } from "../client";
import { queueOf, send } from "./sending";

test.each([
  ["file_too_large", 2_000_001],
  ["file_empty", 0],
])("a file that the server would refuse as %s is not sent at all", (reason, size) => {
  const state = createStore({ sessions: { "s-1": { site: { file_mb: 2 } } } });
  const client = { state } as unknown as Client;
  send({ client, session: "s-1", token: "", file: new File([new Uint8Array(size)], "a.mp4"), audience: "all" });
  const [file] = queueOf(client, "s-1", "").files.get();
  expect(file).toMatchObject({ name: "a.mp4", state: "refused", reason });
});
