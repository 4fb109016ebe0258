import { pictureAddress } from "./api";
import { t } from "./texts";

/** The pictures of a saved reply, small. */
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
