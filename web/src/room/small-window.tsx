import { PictureInPicture2 } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { toast } from "../ui/announce";
import { IconButton } from "../ui/button";
import { t } from "./words";

/** A button on another person's picture. It moves the picture into a small window above other apps and pages, or back. The
 *  window closes when the picture or the call ends. */
export function SmallWindow() {
  const place = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);
  const picture = () => place.current?.closest("figure")?.querySelector("video") ?? null;
  useEffect(() => {
    const video = picture();
    const follow = () => setOpen(document.pictureInPictureElement === video);
    for (const event of ["enterpictureinpicture", "leavepictureinpicture"]) video?.addEventListener(event, follow);
    return () => {
      if (video && document.pictureInPictureElement === video) document.exitPictureInPicture().catch(() => undefined);
    };
  }, []);
  const toggle = async () => {
    try {
      await (open ? document.exitPictureInPicture() : picture()?.requestPictureInPicture());
    } catch {
      toast(t("window.failed"), "error");
    }
  };
  return (
    <span ref={place}>
      <IconButton
        icon={PictureInPicture2}
        class="on-picture on-picture-top"
        label={t(open ? "window.close" : "window.open")}
        pressed={open}
        onClick={() => void toggle()}
        data-testid="small-window"
      />
    </span>
  );
}
