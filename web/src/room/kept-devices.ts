/** The devices that a person chose, and whether the camera's background is blurred, kept in the browser for the next visit. */

const CHOICES = "sangdam.devices";
const ORDER = ["mic", "camera", "speaker", "blur"] as const;

type Chosen = Record<(typeof ORDER)[number], string>;

/** Returns the chosen devices; "" stands for the browser's own choice. `blur`: "on" or "". */
export function keptDevices(): Chosen {
  let kept: unknown = [];
  try {
    kept = JSON.parse(localStorage.getItem(CHOICES) ?? "[]");
  } catch {
    // If the browser forbids storage, or the stored text is damaged, the visit starts with the devices that the browser chooses.
  }
  const [mic = "", camera = "", speaker = "", blur = ""] = Array.isArray(kept)
    ? kept.map((one) => (typeof one === "string" ? one : ""))
    : [];
  return { mic, camera, speaker, blur };
}

export function keepDevice(kind: keyof Chosen, device: string): void {
  try {
    const chosen = { ...keptDevices(), [kind]: device };
    localStorage.setItem(CHOICES, JSON.stringify(ORDER.map((one) => chosen[one])));
  } catch {
    // If storage is forbidden, the next visit starts with the devices that the browser chooses.
  }
}
