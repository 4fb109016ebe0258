/** Components whose code is fetched when they are first shown. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../ui/button";
import { withTexts } from "../ui/i18n";
import { useLocale } from "../ui/store";
import { t, type RoomKey } from "./words";

interface Look {
  /** The text key for the name of the part, which screen readers read while the part loads. */
  name: RoomKey;
  failed?: RoomKey;
  class?: string;
}

type Component<Props> = (props: Props) => ComponentChildren;

/** Returns a component that shows nothing until `load` has loaded the real component. If the code cannot be loaded, the component
 *  stays empty. */
export function optional<Module, Props extends object>(
  load: () => Promise<Module>,
  pick: (module: Module) => Component<Props>,
): Component<Props> {
  return function Optional(props: Props) {
    const [Loaded, setLoaded] = useState<Component<Props> | null>(null);
    useEffect(() => {
      withTexts(load()).then(
        (module) => setLoaded(() => pick(module)),
        () => undefined,
      );
    }, []);
    return Loaded && <Loaded {...props} />;
  };
}

/** Returns a component that shows a skeleton until `load` has loaded the real component. If `load` fails, the component offers a
 *  retry. */
export function lazy<Module, Props extends object>(
  load: () => Promise<Module>,
  pick: (module: Module) => Component<Props>,
  look: Look,
): Component<Props> {
  let loaded: Component<Props> | null = null;
  return function Lazy(props: Props) {
    useLocale();
    const [Shown, setShown] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    const start = () => {
      setFailed(false);
      withTexts(load()).then(
        (module) => {
          const found = pick(module);
          loaded = found;
          setShown(() => found);
        },
        () => setFailed(true),
      );
    };
    useEffect(() => {
      if (!Shown) start();
    }, []);
    if (Shown) return <Shown {...props} />;
    const place = look.class ?? "lazy";
    if (!failed) return <div class={`${place} ${place}-loading skeleton`} role="status" aria-label={t(look.name)} />;
    return (
      <div class={`${place} ${place}-failed`} role="alert">
        <p>{t(look.failed ?? "lazy.failed")}</p>
        <Button onClick={start}>{t("tryAgain")}</Button>
      </div>
    );
  };
}
