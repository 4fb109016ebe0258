import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage, ServerMessage } from "../messages";
import { Client } from "./client";
import type { Socket } from "./connection";
import { aLine, aSession } from "./testing";

const line = (seq: number) => aLine(seq, { author: "p1", name: "", role: "user" });

/** The server's end of every socket that a client opens, the newest last. */
class FakeServer {
  sockets: Socket[] = [];
  asked: ClientMessage[] = [];

  open = (): Socket => {
    const socket: Socket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      close: () => undefined,
      send: (data) => this.asked.push(JSON.parse(data) as ClientMessage),
    };
    this.sockets.push(socket);
    return socket;
  };

  say(message: ServerMessage): void {
    this.sockets.at(-1)?.onmessage?.({ data: JSON.stringify(message) });
  }

  get lastLinesRequest() {
    return this.asked.filter((one) => one.type === "lines").at(-1);
  }
}

describe("the lines that were written before", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, vi.fn()); // no window here
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const client = () => {
    const server = new FakeServer();
    const made = new Client({
      locale: "en",
      url: "ws://test",
      tab: "t",
      storage: { getItem: () => null, setItem: () => undefined },
      openSocket: server.open,
    });
    made.open();
    server.say({ type: "welcome", now: 0 });
    return { server, made, seqs: () => made.state.get().lines.s1?.map((one) => one.seq) };
  };

  it("are asked for from the first, although a new line came before the session", async () => {
    const { server, made, seqs } = client();
    server.say({ type: "line", session: "s1", line: line(7) });
    server.say({ type: "session", session: aSession() });
    expect(server.lastLinesRequest).toMatchObject({ after: 0 });
    server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(1), line(2)] });
    await vi.advanceTimersByTimeAsync(0);
    expect(seqs()).toEqual([1, 2, 7]);
    made.close();
  });

  it("after a return are asked for from the last one that was complete", async () => {
    const { server, made } = client();
    server.say({ type: "session", session: aSession() });
    server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(1)] });
    await vi.advanceTimersByTimeAsync(0);
    server.say({ type: "line", session: "s1", line: line(2) });
    server.sockets.at(-1)?.onclose?.();
    await vi.advanceTimersByTimeAsync(10);
    server.say({ type: "welcome", now: 0 });
    server.say({ type: "line", session: "s1", line: line(9) });
    server.say({ type: "session", session: aSession() });
    expect(server.lastLinesRequest).toMatchObject({ after: 2 });
    made.close();
  });
});

describe("a draft", () => {
  it("is there again after a reload, without taking the focus", () => {
    const stored = new Map<string, string>();
    const storage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, text: string) => void stored.set(key, text),
    };
    const page = () => new Client({ locale: "en", url: "ws://test", tab: "t", storage, openSocket: new FakeServer().open });
    page().draft("s1", { text: "쓰다 만 글", focused: true });
    expect(page().drafts.get("s1")).toEqual({ text: "쓰다 만 글", focused: false });
    page().draft("s1", null);
    expect(page().drafts.size).toBe(0);
  });
});
