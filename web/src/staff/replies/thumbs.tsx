import { pictureAddress } from "./api";
import { t } from "./texts";

/** Shows the pictures of a saved reply in a small size. */
export function ReplyThumbs({ pictures }: { pictures: readonly string[] }) {
  if (pictures.length === 0) return null;
  return (
    <span class="reply-thumbs">
      {pictures.map((id) => (
        <img key={id} src={pictureAddress(id)} alt={t("pictures.one")} loading="lazy" />
      ))}
    </span>
  );
}
