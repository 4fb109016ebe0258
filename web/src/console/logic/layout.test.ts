import { describe, expect, it } from "vitest";
import {
  choose,
  layoutKey,
  readLayouts,
  screenEnded,
  sizeAfterKey,
  TALKING,
  toggleBoard,
  viewOf,
  within,
  WORKING,
  workOf,
} from "./layout";

const NOTHING = { screen: false, drawn: false };
const DRAWN = { screen: false, drawn: true };
const SCREEN = { screen: true, drawn: false };

describe("the sizes of the panes", () => {
  it("are remembered per channel and role, and apart while the board is open", () => {
    expect(layoutKey("voice", "counselor", false)).toBe("voice.counselor");
    expect(layoutKey("voice", "counselor", true)).not.toBe(layoutKey("voice", "counselor", false));
    expect(layoutKey("text", "professional", false)).not.toBe(layoutKey("text", "counselor", false));
  });
  it("come back, and stay within their limits", () => {
    const kept = readLayouts(JSON.stringify({ "voice.counselor": { ...TALKING, lane: 300, side: 9_999 } }));
    expect(kept["voice.counselor"]).toEqual({ ...TALKING, lane: 300, side: 560 });
  });
  it.each([null, "{", "[]", "7", '{"text.counselor":7}', '{"text.counselor":{"lane":"wide","side":null}}'])(
    "fall back when %s is stored",
    (stored) => {
      for (const panes of Object.values(readLayouts(stored))) expect(panes).toEqual(TALKING);
    },
  );
  it("leave the board more than three fifths of the middle", () => {
    expect(WORKING.work).toBeGreaterThan(0.6);
  });
  it("fold the person card when it is dragged narrow, and no other pane", () => {
    expect(within("side", 100)).toBe(0);
    expect(within("lane", 10)).toBe(180);
  });
});

describe("a splitter's keys", () => {
  it("grow and shrink the pane towards its side", () => {
    expect(sizeAfterKey("lane", 264, "ArrowRight", 1)).toBe(280);
    expect(sizeAfterKey("side", 340, "ArrowRight", -1)).toBe(324);
    expect(sizeAfterKey("work", 0.8, "ArrowRight", 1)).toBe(0.8);
    expect(sizeAfterKey("lane", 264, "Home", 1)).toBe(180);
    expect(sizeAfterKey("lane", 264, "a", 1)).toBeNull();
  });
  it("fold the person card at its end and open it again", () => {
    expect(sizeAfterKey("side", 260, "ArrowRight", -1)).toBe(0);
    expect(sizeAfterKey("side", 0, "ArrowRight", -1)).toBe(0);
    expect(sizeAfterKey("side", 0, "ArrowLeft", -1)).toBe(260);
  });
});

describe("what is beside the conversation", () => {
  it("is nothing in a new session: blank paper does not open by itself", () => {
    expect(viewOf({}, NOTHING)).toBe("chat");
  });
  it("is a board on which something is drawn, unless it was closed", () => {
    expect(viewOf({}, DRAWN)).toBe("both");
    expect(viewOf(choose({}, "chat", DRAWN), DRAWN)).toBe("chat");
  });
  it("is a screen while one is shared, and then what was there before", () => {
    const closed = choose({}, "chat", NOTHING);
    expect([viewOf(closed, SCREEN), workOf(closed, SCREEN)]).toEqual(["both", "screen"]);
    expect(viewOf(choose(closed, "board", SCREEN), NOTHING)).toBe("chat");
    const wide = choose({}, "board", NOTHING);
    expect(viewOf(wide, SCREEN)).toBe("board");
  });
  it("is the next screen, though the last one was closed", () => {
    const closed = choose({}, "chat", SCREEN);
    expect(viewOf(closed, SCREEN)).toBe("chat");
    expect(viewOf(screenEnded(closed), SCREEN)).toBe("both");
  });
  it("is the board instead of the screen when its button is pressed, and back", () => {
    const board = toggleBoard({}, SCREEN);
    expect([viewOf(board, SCREEN), workOf(board, SCREEN)]).toEqual(["both", "board"]);
    expect(viewOf(toggleBoard(board, SCREEN), SCREEN)).toBe("chat");
    expect(viewOf(toggleBoard(toggleBoard({}, NOTHING), NOTHING), NOTHING)).toBe("chat");
  });
  it("is a newly shared screen, though the board was open before", () => {
    expect(workOf(toggleBoard({}, NOTHING), SCREEN)).toBe("screen");
  });
});
