import { afterEach, describe, expect, it, vi } from "vitest";
import { Pictures, pictureType } from "./pictures";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
const reply = { picture: "pic-1", width: 1, height: 1, mime: "image/png" };

afterEach(() => vi.unstubAllGlobals());

describe("what may be sent as a picture", () => {
  it.each(["", "application/octet-stream", "image/jpg", "text/plain"])(
    "is told by its content when it is called %j",
    async (type) => {
      vi.stubGlobal("fetch", vi.fn().mockResolvedValue(Response.json(reply)));
      expect(await new Pictures("token").upload("s-1", new Blob([PNG], { type }), "line")).toEqual(reply);
    },
  );

  it.each(["<svg/>", "", "RIFF1234WAVE", "GIF89a"])("is not %j, whatever it is called", async (text) => {
    const asked = vi.fn();
    vi.stubGlobal("fetch", asked);
    const file = new Blob([text], { type: "image/png" });
    await expect(new Pictures("token").upload("s-1", file, "line")).rejects.toMatchObject({ reason: "not_a_picture" });
    expect(asked).not.toHaveBeenCalled();
  });

  it("has the type of its first bytes", async () => {
    const of = (...bytes: number[]) => pictureType(new Blob([new Uint8Array(bytes)]));
    expect(await of(0xff, 0xd8, 0xff, 0xe1)).toBe("image/jpeg");
    expect(await of(...PNG)).toBe("image/png");
    expect(await pictureType(new Blob(["\0\0\0\x18ftypheic\0\0\0\0mif1"]))).toBe("image/heic");
    expect(await pictureType(new Blob(["\0\0\0\x18ftypavif\0\0\0\0mif1"]))).toBe("image/avif");
    expect(await pictureType(new Blob(["\0\0\0\x18ftypmp42\0\0\0\0mp42"]))).toBeUndefined();
    expect(await pictureType(new Blob(["RIFF\n\r\0\nWEBPVP8 "]))).toBe("image/webp");
  });
});
