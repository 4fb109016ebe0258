import type { Line } from "../../messages";
import { clock } from "../words";
import { t } from "./texts";

/** Says that a line was edited. Staff also get the earlier texts of the line and can open them here. */
export function Former({ line }: { line: Line }) {
  if (line.former.length === 0) return line.change === "edited" ? <span class="line-edited">{t("edited")}</span> : null;
  return (
    <details class="line-former" data-testid="line-former">
      <summary>{line.change === "edited" ? t("edited") : t("before")}</summary>
      <ol>
        {line.former.map((former) => (
          <li key={former.until} dir="auto">
            <time class="num">{clock(former.until)}</time> {former.text || t("picture")}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** The words that the page shows in place of a retracted line. */
export const Unsent = () => <em class="line-unsent">{t("unsent")}</em>;
