import { describe, expect, it } from "vitest";
import { shape } from "../testing";
import { boardAsExcalidraw } from "./excalidraw";
import { strokeSize } from "../paint";
import { picturesAsPdf } from "./pdf-file";
import { pageAsSvg } from "./svg";

const STROKE = shape({
  id: "s2",
  kind: "freedraw",
  points: [
    [0, 0],
    [10, 5],
    [30, 20],
  ],
  extent: { left: 0, top: 0, right: 30, bottom: 20 },
  scaleX: 2,
});
const MARKER = { ...STROKE, id: "s3", stroke: 24, opacity: 40 };
const TEXT = shape({ id: "t1", kind: "text", text: '<렌즈> & "뚜껑"' });
const PICTURE = { dataUrl: "data:image/png;base64,AAAA", mime: "image/png", width: 400, height: 300 };

interface File {
  type: string;
  version: number;
  elements: (Record<string, unknown> & { type: string; x: number; points?: number[][] })[];
  files: Record<string, { dataURL: string }>;
}

describe("an Excalidraw file", () => {
  const pages = [
    { name: "Page 1", background: "pic", shapes: [STROKE, MARKER, TEXT, shape({ id: "a1", kind: "arrow", height: -50 })] },
    {
      name: "Page 2",
      background: "",
      shapes: [shape({ id: "i1", kind: "image", picture: "pic" }), shape({ id: "i2", kind: "image", picture: "gone" })],
    },
  ];
  const file = JSON.parse(boardAsExcalidraw(pages, new Map([["pic", PICTURE]]), 1000)) as File;
  const find = (id: string) => file.elements.find((one) => one.id === id);

  it("has every shape once, with the fields that Excalidraw reads", () => {
    expect([file.type, file.version]).toEqual(["excalidraw", 2]);
    expect(file.elements.map(({ type }) => type)).toEqual([
      "image",
      "freedraw",
      "freedraw",
      "text",
      "arrow",
      "frame",
      "image",
      "frame",
    ]);
    expect(find("s2")?.points).toEqual([
      [0, 0],
      [20, 5],
      [60, 20],
    ]);
    expect(find("a1")).toMatchObject({
      points: [
        [0, 0],
        [200, -50],
      ],
      endArrowhead: "arrow",
      y: 100,
    });
    expect(find("t1")).toMatchObject({ text: TEXT.text, originalText: TEXT.text, fontSize: 32 });
    for (const one of [STROKE, MARKER]) {
      const saved = find(one.id)!;
      // Excalidraw draws strokes 4.25 times wider than `strokeWidth` says
      expect((saved.strokeWidth as number) * 4.25).toBeCloseTo(strokeSize(one));
      // A marker is equally wide everywhere, so each point has the same pressure. Other strokes have no pressures.
      expect(saved.pressures).toHaveLength(one === MARKER ? one.points.length : 0);
    }
    for (const one of file.elements) {
      for (const field of ["version", "seed", "groupIds", "opacity", "fillStyle", "width", "height"])
        expect(one).toHaveProperty(field);
    }
  });

  it("lays pages side by side in frames, and leaves out pictures that cannot be had", () => {
    expect(find("i1")).toMatchObject({ x: 1900, frameId: "frame-2", fileId: "pic" });
    expect(find("i2")).toBeUndefined();
    expect(file.files.pic?.dataURL).toBe(PICTURE.dataUrl);
    expect(find("frame-1-background")).toMatchObject({ height: 1000, locked: true });
  });
});

describe("an SVG file", () => {
  it("has each shape, cut off at the page, and texts that are no code", () => {
    const svg = pageAsSvg(
      [STROKE, { ...TEXT, angle: Math.PI / 2 }, shape({ kind: "image", picture: "no" })],
      "",
      new Map(),
      (one) => one.text.split("\n"),
    );
    expect(svg).toContain("&lt;렌즈&gt; &amp; &quot;뚜껑&quot;");
    expect(svg).toContain("rotate(90 200 150)");
    expect(svg).toContain('clip-path="url(#page)"');
    expect(svg).not.toMatch(/NaN|undefined|<image/);
  });

  it("holds a picture once, however often it is laid", () => {
    const laid = Array.from({ length: 30 }, (_, n) => shape({ id: `i${n}`, kind: "image", picture: "pic" }));
    const svg = pageAsSvg(laid, "", new Map([["pic", PICTURE.dataUrl]]), () => []);
    expect(svg.split(PICTURE.dataUrl)).toHaveLength(2);
    expect(svg.match(/<use [^>]*href="#picture-0"/g)).toHaveLength(30);
  });
});

describe("a PDF file", () => {
  it("says where each object is, and holds the pictures as they are", () => {
    const jpeg = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    const bytes = picturesAsPdf([
      { jpeg, width: 3200, height: 2000 },
      { jpeg, width: 3200, height: 2000 },
    ]);
    const text = String.fromCharCode(...bytes);
    const starts = [...text.matchAll(/(\d{10}) 00000 n /g)].map(([, at]) => Number(at));
    starts.forEach((at, i) => expect(text.slice(at).startsWith(`${i + 1} 0 obj`)).toBe(true));
    expect(starts).toHaveLength(8);
    expect(text).toContain("/MediaBox [0 0 842 526]");
    expect(text.slice(Number(/startxref\n(\d+)/.exec(text)?.[1])).startsWith("xref\n0 9\n")).toBe(true);
  });
});
