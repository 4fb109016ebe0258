/** Sends the files of one session and reports progress. Every 4 s, tries again to send the files that got no answer. */

import { newId, type Client } from "../client";
import { FileQueue, SendError, type Send } from "./queue";

const queues = new WeakMap<Client, Map<string, FileQueue>>();
const AGAIN_MS = 4000;

/** Returns the file queue of a session. The queue is kept when the message box is made anew, for example because the board
 *  opens. */
export function queueOf(client: Client, session: string, token: string): FileQueue {
  const ofClient = queues.get(client) ?? new Map<string, FileQueue>();
  queues.set(client, ofClient);
  const known = ofClient.get(session);
  if (known) return known;
  const queue = new FileQueue(sender(session, token));
  ofClient.set(session, queue);
  let timer: ReturnType<typeof setTimeout> | undefined;
  queue.files.subscribe(() => {
    if (timer !== undefined || !queue.files.get().some((file) => file.state === "paused")) return;
    timer = setTimeout(() => {
      timer = undefined;
      queue.again();
    }, AGAIN_MS);
  });
  return queue;
}

export interface ToSend {
  client: Client;
  session: string;
  token: string;
  file: File;
  audience: "all" | "staff";
}

/** Adds a file to the queue of its session. If the file is too large or empty, or too many are queued, it is shown as refused. */
export function send({ client, session, token, file, audience }: ToSend): void {
  const queue = queueOf(client, session, token);
  const most = mostMb(client, session) * 1_000_000;
  if (file.size > most) queue.refuse(newId(), file, file.name, "file_too_large");
  else if (file.size === 0) queue.refuse(newId(), file, file.name, "file_empty");
  else if (!queue.add(newId(), file, file.name, audience)) queue.refuse(newId(), file, file.name, "too_many");
}

export const mostMb = (client: Client, session: string): number => client.state.get().sessions[session]?.site.file_mb ?? 0;

/** Returns the function that sends a file. The function uses XMLHttpRequest, because `fetch` does not report upload progress. */
function sender(session: string, token: string): Send {
  return (file, progress, signal) =>
    new Promise((done, reject) => {
      const request = new XMLHttpRequest();
      const query = new URLSearchParams({ line: file.id, audience: file.audience });
      request.open("POST", `/api/sessions/${encodeURIComponent(session)}/files?${query}`);
      if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
      request.setRequestHeader("File-Name", encodeURIComponent(wellFormed(file.name)));
      request.responseType = "json";
      request.upload.onprogress = (event) => progress(event.loaded);
      request.onload = () => {
        if (request.status === 200) done();
        else reject(new SendError(reasonOf(request.response)));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(new SendError("network"));
      signal.addEventListener("abort", () => request.abort());
      request.send(file.body);
    });
}

/** Replaces lone surrogates (halves of characters), which a URL cannot encode. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));

function reasonOf(answer: unknown): string {
  const { reason = "other" } = (typeof answer === "object" && answer !== null ? answer : {}) as { reason?: string };
  return reason;
}
