/** The findings of `sangdam doctor`, the server's check of itself, in the order in which the page shows them. */

export interface Finding {
  about: string;
  state: "ok" | "warning" | "fault";
  says: string;
  do: string;
}

const ORDER: Finding["state"][] = ["fault", "warning", "ok"];

/** Returns the faults, then the warnings, then all other findings. Findings of the same `state` keep their order. */
export function inOrder(findings: Finding[]): Finding[] {
  return ORDER.flatMap((state) => findings.filter((one) => one.state === state));
}
