import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerMessage } from "../messages";
import { Connection, type Socket, type Status } from "./connection";
import { delayMs } from "./ladder";

class FakeSocket implements Socket {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  send(data: string) {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  close() {
    this.closed = true;
  }
  say(message: ServerMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  types() {
    return this.sent.map((message) => message.type);
  }
}

function connected() {
  const sockets: FakeSocket[] = [];
  const statuses: [Status, string][] = [];
  const messages: ServerMessage[] = [];
  const refused: [string, string][] = [];
  const connection = new Connection({
    url: "ws://test/ws",
    tab: "tab1",
    token: "secret",
    locale: "ko",
    onMessage: (message) => messages.push(message),
    onStatus: (status, reason) => statuses.push([status, reason]),
    onRefused: (line, reason) => refused.push([line.type === "line" ? line.line : String(line.seq), reason]),
    openSocket: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1)!;
    },
    random: () => 0,
  });
  const greet = () => {
    sockets.at(-1)!.onopen?.();
    sockets.at(-1)!.say({ type: "welcome", now: 5 });
  };
  connection.open();
  greet();
  return { connection, sockets, statuses, messages, refused, greet, socket: () => sockets.at(-1)! };
}

const line = (id: string) => ({ type: "line", session: "s1", line: id, text: "안녕하세요" }) as const;

describe("Connection", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("says hello first and is open once welcomed", () => {
    const { socket, statuses } = connected();
    expect(socket().sent[0]).toEqual({ type: "hello", tab: "tab1", token: "secret", locale: "ko", version: 1 });
    expect(statuses).toEqual([
      ["connecting", ""],
      ["open", ""],
    ]);
  });

  it("gives each request its own reply, also when they come in another order", async () => {
    const { connection, socket } = connected();
    const first = connection.request({ type: "leave", session: "s1" });
    const second = connection.request({ type: "leave", session: "s2" });
    socket().say({ type: "ok", id: 2 });
    socket().say({ type: "error", id: 1, reason: "not_yours", message: "No." });
    await expect(second).resolves.toEqual({ type: "ok", id: 2 });
    await expect(first).rejects.toMatchObject({ reason: "not_yours", message: "No." });
  });

  it("fails a request that is not answered in time, or whose connection goes", async () => {
    const { connection, socket } = connected();
    const slow = connection.request({ type: "leave", session: "s1" });
    const failed = expect(slow).rejects.toMatchObject({ reason: "timeout" });
    vi.advanceTimersByTime(8000);
    await failed;
    const cut = connection.request({ type: "leave", session: "s1" });
    const closed = expect(cut).rejects.toMatchObject({ reason: "offline" });
    socket().onclose?.();
    await closed;
    await expect(connection.request({ type: "leave", session: "s1" })).rejects.toMatchObject({ reason: "offline" });
  });

  it("comes back at once, then by the ladder, and begins the ladder anew after a welcome", () => {
    const { sockets, socket, greet } = connected();
    for (const wait of [0, 300, 1200, 2700, 2700]) {
      const before = sockets.length;
      socket().onclose?.();
      if (wait > 0) vi.advanceTimersByTime(wait - 1);
      expect(sockets.length).toBe(before);
      vi.advanceTimersByTime(1);
      expect(sockets.length).toBe(before + 1);
    }
    greet();
    const before = sockets.length;
    socket().onclose?.();
    vi.advanceTimersByTime(0);
    expect(sockets.length).toBe(before + 1);
  });

  it("does not wait for the ladder when the network is back, and soon doubts a connection that says nothing", () => {
    const { connection, sockets, socket, greet } = connected();
    for (const wait of [0, 300, 1200]) {
      socket().onclose?.();
      vi.advanceTimersByTime(wait);
    }
    socket().onclose?.();
    const before = sockets.length;
    connection.networkBack();
    expect(sockets).toHaveLength(before + 1);
    greet();
    connection.networkBack();
    expect(socket().sent.at(-1)).toMatchObject({ type: "ping" });
    vi.advanceTimersByTime(1499);
    expect(sockets).toHaveLength(before + 1);
    vi.advanceTimersByTime(2);
    expect(sockets).toHaveLength(before + 2);
    greet();
    connection.networkBack();
    socket().say({ type: "pong", now: 1 });
    vi.advanceTimersByTime(4000);
    expect(sockets).toHaveLength(before + 2);
  });

  it("sends a line again on the next connection until it is acknowledged", () => {
    const { connection, socket, greet } = connected();
    connection.deliver(line("a"));
    connection.deliver(line("b"));
    socket().say({ type: "ack", session: "s1", line: "a", seq: 1, at: 6 });
    socket().onclose?.();
    connection.deliver(line("c"));
    vi.advanceTimersByTime(0);
    greet();
    expect(
      socket()
        .sent.filter((message) => message.type === "line")
        .map((message) => message.line),
    ).toEqual(["b", "c"]);
    expect(connection.unacknowledged().map((one) => one.type === "line" && one.line)).toEqual(["b", "c"]);
  });

  it("does not send a refused line again, and says why", async () => {
    const { connection, socket, refused } = connected();
    connection.deliver(line("a"));
    socket().say({ type: "error", id: 1, reason: "empty" });
    await vi.advanceTimersByTimeAsync(0);
    expect(refused).toEqual([["a", "empty"]]);
    expect(connection.unacknowledged()).toEqual([]);
  });

  it("gives up a line that the server never answers, although it answers everything else", async () => {
    const { connection, socket, refused } = connected();
    connection.deliver(line("l1"));
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      socket().say({ type: "pong", now: 5 });
    }
    expect(
      socket()
        .types()
        .filter((type) => type === "line"),
    ).toHaveLength(3);
    expect(refused).toEqual([["l1", "timeout"]]);
    expect(connection.unacknowledged()).toEqual([]);
  });

  it("says nothing that no server understands: halves of emojis and U+0000", () => {
    const { connection, socket } = connected();
    connection.deliver({ ...line("l1"), text: "half \ud83d, other half \ude00, whole 😀, nothing \0." });
    expect(socket().sent.at(-1)?.text).toBe("half , other half , whole 😀, nothing .");
  });

  it("keeps a line that the server cannot store just now, and sends it again", async () => {
    const { connection, socket, refused } = connected();
    connection.deliver(line("a"));
    socket().say({ type: "error", id: 1, reason: "unavailable" });
    await vi.advanceTimersByTimeAsync(1500);
    expect(
      socket()
        .sent.filter((message) => message.type === "line")
        .map((message) => message.line),
    ).toEqual(["a", "a"]);
    socket().say({ type: "ack", session: "s1", line: "a", seq: 1, at: 6 });
    expect([refused, connection.unacknowledged()]).toEqual([[], []]);
  });

  it("sends the last change of a line again after a return, and only that", () => {
    const { connection, socket, greet } = connected();
    connection.deliver({ type: "edit_line", session: "s1", seq: 3, text: "a" });
    connection.deliver({ type: "retract_line", session: "s1", seq: 3 });
    socket().onclose?.();
    vi.advanceTimersByTime(0);
    greet();
    expect(socket().types()).toEqual(["hello", "retract_line"]);
  });

  it("refuses more than 200 unacknowledged lines", () => {
    const { connection } = connected();
    for (let n = 0; n < 200; n++) connection.deliver(line(`n${n}`));
    expect(() => connection.deliver(line("one more"))).toThrow("outbox_full");
  });

  it("stays closed after a final goodbye, and open() takes the session back", () => {
    const { connection, sockets, socket, statuses } = connected();
    socket().say({ type: "bye", reason: "replaced" });
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBe(1);
    expect(statuses.at(-1)).toEqual(["closed", "replaced"]);
    connection.open();
    expect(sockets.length).toBe(2);
  });

  it("waits as long as a restarting server asks", () => {
    const { sockets, socket } = connected();
    socket().say({ type: "bye", reason: "restart", retry_ms: 1000 });
    socket().onclose?.();
    vi.advanceTimersByTime(999);
    expect(sockets.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(sockets.length).toBe(2);
  });

  it("gives up a connection that says nothing for 12 s", () => {
    const { sockets, socket } = connected();
    vi.advanceTimersByTime(11_000);
    socket().say({ type: "pong", now: 1 });
    vi.advanceTimersByTime(11_999);
    expect(sockets.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(sockets[0]?.closed).toBe(true);
    vi.advanceTimersByTime(1);
    expect(sockets.length).toBe(2);
  });
});

describe("delayMs", () => {
  it("spreads returns by up to 30 %", () => {
    expect([0, 1, 2, 3, 9].map((attempt) => delayMs(attempt, 0))).toEqual([0, 300, 1200, 2700, 2700]);
    expect(delayMs(3, 1)).toBe(3510);
  });
});
