import { useEffect, useState } from "preact/hooks";
import { get } from "../staff/api";
import { type Choice, useLocale } from "../ui";

/** Returns the sites that the operator may see, as choices of a filter. */
export function useSites(): Choice[] {
  const locale = useLocale();
  const [found, setFound] = useState<Choice[]>([]);
  useEffect(() => {
    (get(`/api/operator/sites?lang=${locale}`) as Promise<{ id: string; name: string }[]>).then(
      (sites) => setFound(sites.map(({ id, name }) => ({ value: id, label: name }))),
      () => undefined, // if the names of the sites cannot be fetched, the page still works for all sites together
    );
  }, [locale]);
  return found;
}
