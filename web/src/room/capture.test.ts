import { expect, it } from "vitest";
import { otherCameras } from "./capture";

const CAMERAS = [
  { value: "front", label: "Front" },
  { value: "back", label: "Back" },
  { value: "wide", label: "Wide" },
];
const device = (id: string) => ({ deviceId: { exact: id } });
const facing = (side: string) => ({ facingMode: { exact: side } });

it("goes to the other side of a phone, otherwise to the next camera", () => {
  expect(otherCameras({ facingMode: "user", deviceId: "front" }, CAMERAS)).toEqual([facing("environment"), device("back")]);
  expect(otherCameras({ facingMode: "environment", deviceId: "wide" }, CAMERAS)).toEqual([facing("user"), device("front")]);
  expect(otherCameras({ deviceId: "wide" }, CAMERAS)).toEqual([device("front")]);
  expect(otherCameras({ deviceId: "front" }, CAMERAS.slice(0, 1))).toEqual([]);
});
