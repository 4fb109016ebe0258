import { describe, expect, it, vi } from "vitest";
import { BoardDoc } from "./board-doc";
import { claimable, colourOf } from "./colours";
import { CURSOR_MS, LEAD_LASTS_MS, presence, readPresence, type Sign, Signs, TRAIL_MS } from "./presence";
import { FakeWorker, relayed } from "./testing";

const BOX = { left: 0, top: 100, right: 800, bottom: 600 };

describe("signs of presence", () => {
  it.each<Sign>([
    { kind: "gone" },
    { kind: "cursor", page: "", at: [12.5, -3] },
    {
      kind: "laser",
      page: "p2",
      trail: [
        [1, 2],
        [3, 4],
      ],
    },
    { kind: "lead", page: "p2", box: BOX },
    { kind: "come", page: "", box: BOX },
  ])("come over as they were: %o", (sign) => {
    expect(readPresence(relayed("p-1", presence(sign)))).toEqual({ from: "p-1", sign });
  });

  it("reach the other board, and never its document", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p-1"), new BoardDoc(worker.connect(), () => "p-2")];
    const onSign = vi.fn();
    jimin.listen({ onSign });
    mina.show({ kind: "cursor", page: "", at: [1, 2] });
    expect(onSign).toHaveBeenCalledExactlyOnceWith("p-1", { kind: "cursor", page: "", at: [1, 2] });
    expect(jimin.allShapes()).toEqual([]);
  });

  it("fade: a trail first, then a cursor that rests, then a leader who is not heard of", () => {
    const signs = new Signs();
    signs.take("p1", { kind: "laser", page: "", trail: [[1, 2]] }, 0);
    signs.take("p1", { kind: "lead", page: "", box: BOX }, 0);
    signs.take("p2", { kind: "cursor", page: "", at: [1, 2] }, 0);
    expect([signs.fade(TRAIL_MS - 1), signs.leader()]).toEqual([true, "p1"]);
    expect(signs.fade(TRAIL_MS)).toBe(false);
    signs.fade(LEAD_LASTS_MS);
    expect([signs.leader(), [...signs.people.keys()]]).toEqual(["", ["p2"]]);
    signs.fade(CURSOR_MS);
    expect(signs.people.size).toBe(0);
  });

  it("of somebody who left are gone at once, and a trail is bounded", () => {
    const signs = new Signs();
    for (let i = 0; i < 100; i++)
      signs.take("p1", { kind: "laser", page: "", trail: Array.from({ length: 60 }, () => [1, 2]) }, 0);
    expect(signs.people.get("p1")?.trail.length).toBeLessThanOrEqual(400);
    signs.take("p1", { kind: "gone" }, 0);
    expect(signs.people.size).toBe(0);
  });
});

describe("colours", () => {
  const people = ["p1", "p2", "p3"].map((id) => ({ id }));
  it("differ from person to person, and stay when somebody has drawn with one", () => {
    const free = people.map(({ id }) => colourOf(id, people, new Map()));
    expect(new Set(free).size).toBe(3);
    const claimed = new Map([["p3", free[0]!]]);
    const now = people.map(({ id }) => colourOf(id, people, claimed));
    expect(now[2]).toBe(free[0]);
    expect(new Set(now).size).toBe(3);
  });

  it("are not taken over by a person who draws in another's colour", () => {
    const of = (id: string) => colourOf(id, people, new Map());
    expect(claimable(of("p1"), "p3", people, of)).toBe(of("p3"));
    expect(claimable("#14171c", "p3", people, of)).toBe("#14171c");
    expect(claimable(of("p3"), "p3", people, of)).toBe(of("p3"));
  });
});
