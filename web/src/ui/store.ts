import { useEffect, useRef, useState } from "preact/hooks";
import { locale, onLocale, type Locale } from "./i18n";

/** A value that notifies its subscribers of changes. Independent of any framework. */
export interface Store<S> {
  get(): S;
  set(next: S): void;
  update(change: (state: S) => S): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<S>(initial: S): Store<S> {
  let state = initial;
  const listeners = new Set<() => void>();
  const set = (next: S) => {
    if (Object.is(next, state)) return;
    state = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => state,
    set,
    update: (change) => set(change(state)),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The part of a `Store` that `useStore` needs. Any object with these two methods will do. */
export type Readable<S> = Pick<Store<S>, "get" | "subscribe">;

/** Returns `select(state)`, and renders the component again when this result changes (compared with Object.is). */
export function useStore<S>(store: Readable<S>): S;
export function useStore<S, T>(store: Readable<S>, select: (state: S) => T): T;
export function useStore<S, T>(store: Readable<S>, select?: (state: S) => T): S | T {
  const [, redraw] = useState(0);
  const read = () => (select ? select(store.get()) : store.get());
  const value = read();
  const shown = useRef({ value, read });
  shown.current = { value, read };
  useEffect(() => {
    const check = () => {
      if (!Object.is(shown.current.read(), shown.current.value)) redraw((n) => n + 1);
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return value;
}

export function useLocale(): Locale {
  return useStore<Locale>(localeStore);
}

const localeStore: Readable<Locale> = { get: locale, subscribe: onLocale };
