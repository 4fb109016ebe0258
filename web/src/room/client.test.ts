import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage, ServerMessage, StaffMe } from "../messages";
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

describe("a member of staff who was available", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, vi.fn());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("says so when the page reconnects, because a server that has just started does not know it", async () => {
    const server = new FakeServer();
    const storage = { getItem: () => null, setItem: () => undefined };
    const made = new Client({ locale: "en", url: "ws://test", tab: "t", storage, openSocket: server.open });
    made.open();
    const staff = { id: "jimin", name: "Jimin", role: "counselor", state: "busy", ready: false } as StaffMe;
    for (const ready of [true, false]) {
      server.sockets.at(-1)?.onopen?.();
      server.say({ type: "welcome", now: 0, staff });
      server.say({ type: "staff", me: { ...staff, ready } });
      server.sockets.at(-1)?.onclose?.();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    server.sockets.at(-1)?.onopen?.();
    const hellos = server.asked.filter((one) => one.type === "hello");
    expect(hellos.map((one) => one.ready)).toEqual([undefined, true, false]);
    made.close();
  });
});

describe("the lines that were written before", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, vi.fn()); // tests run without a window
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

  it("are asked for from the newest, although a new line came before the session", async () => {
    const { server, made, seqs } = client();
    server.say({ type: "line", session: "s1", line: line(7) });
    server.say({ type: "session", session: aSession() });
    expect(server.lastLinesRequest).toMatchObject({ before: 0 });
    server.say({
      type: "lines",
      id: server.lastLinesRequest?.id,
      session: "s1",
      lines: [line(6), line(7)],
      before: 0,
      more: true,
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(seqs()).toEqual([6, 7]);
    made.close();
  });

  it("are fetched page by page until the one that is wanted is here, each page once", async () => {
    const { server, made, seqs } = client();
    const page = (before: number, seq: number, more: boolean) =>
      server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(seq)], before, more });
    server.say({ type: "session", session: aSession() });
    page(0, 9, true);
    const reached = made.reach("s1", 3);
    void made.older("s1");
    expect(server.asked.filter((one) => one.type === "lines")).toMatchObject([{ before: 0 }, { before: 9 }]);
    page(9, 6, true);
    await vi.advanceTimersByTimeAsync(0);
    page(6, 3, true);
    expect(await reached).toBe(true);
    expect(seqs()).toEqual([3, 6, 9]);
    const lost = made.reach("s1", 1);
    server.sockets.at(-1)?.onclose?.();
    expect(await lost).toBe(false);
    made.close();
  });

  it("after a return are asked for from the number up to which the newest page was complete", async () => {
    const { server, made, seqs } = client();
    server.say({ type: "session", session: aSession() });
    server.say({
      type: "lines",
      id: server.lastLinesRequest?.id,
      session: "s1",
      lines: [line(4)],
      before: 0,
      more: true,
      rev: 6,
    });
    await vi.advanceTimersByTimeAsync(0);
    server.sockets.at(-1)?.onclose?.();
    await vi.advanceTimersByTimeAsync(10);
    server.say({ type: "welcome", now: 0 });
    server.say({ type: "session", session: aSession() });
    expect(server.lastLinesRequest).toMatchObject({ after: 6 });
    server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(7)], more: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.lastLinesRequest).toMatchObject({ after: 7 });
    server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(8)] });
    expect(seqs()).toEqual([4, 7, 8]);
    made.close();
  });

  it("after a return are asked for from the last one that was complete", async () => {
    const { server, made } = client();
    server.say({ type: "session", session: aSession() });
    server.say({ type: "lines", id: server.lastLinesRequest?.id, session: "s1", lines: [line(1)], before: 0, rev: 1 });
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
