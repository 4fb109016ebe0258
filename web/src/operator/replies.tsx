import { Download, Upload } from "lucide";
import { useRef, useState } from "preact/hooks";
import { get } from "../staff/api";
import { sentence } from "../staff/refusals";
import { exportAddress, importReplies, sharedReplies } from "../staff/replies/api";
import { ReplyList } from "../staff/replies/list";
import { t as words } from "../staff/replies/texts";
import { Button, Icon, locale, toast, useLocale } from "../ui";
import { Loaded } from "./loaded";

interface Site {
  id: string;
  name: string;
  languages: string[];
}

const sites = () => get(`/api/operator/sites?lang=${locale()}`) as Promise<Site[]>;

/** Edits the saved replies that each site shares with its staff. */
export function RepliesPart() {
  const shown = useLocale();
  return (
    <div class="past">
      <p class="dim">{words("lead.shared")}</p>
      <Loaded key={shown} what="sites" load={sites}>
        {(found) => found.map((site) => <SiteReplies key={site.id} site={site} />)}
      </Loaded>
    </div>
  );
}

function SiteReplies({ site }: { site: Site }) {
  const [imports, setImports] = useState(0);
  return (
    <section class="card stack" data-testid={`replies-of-${site.id}`}>
      <header class="row replies-head">
        <h2>{site.name}</h2>
        <ImportButton site={site.id} onDone={() => setImports(imports + 1)} />
        <a class="button button-plain" href={exportAddress(site.id)} download data-testid="replies-export">
          <Icon node={Download} /> {words("export")}
        </a>
      </header>
      <p class="field-hint">{words("csv.pictures")}</p>
      <ReplyList key={imports} shelf={sharedReplies(site.id)} languages={site.languages} />
    </section>
  );
}

function ImportButton({ site, onDone }: { site: string; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const take = async (file: File) => {
    setBusy(true);
    try {
      const { added, changed } = await importReplies(site, file);
      toast(words("imported", { added, changed }));
      onDone();
    } catch (error) {
      toast(sentence(error), "error");
    }
    setBusy(false);
  };
  return (
    <>
      <Button icon={Upload} busy={busy} onClick={() => input.current?.click()}>
        {words("import")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".csv,text/csv"
        data-testid="replies-import"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) void take(file);
        }}
      />
    </>
  );
}
