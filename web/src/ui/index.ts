export { announce, Announcer, toast } from "./announce";
export { applyAccent } from "./accent";
export { Button, IconButton, type ButtonKind } from "./Button";
export { Dialog } from "./Dialog";
export { Field, Select, TextArea, type Choice } from "./Field";
export { chooseLocale, josa, locale, setLocale, texts, type Locale } from "./i18n";
export { Icon } from "./Icon";
export { Meter } from "./Meter";
export { createStore, useLocale, useStore, type Readable, type Store } from "./store";
