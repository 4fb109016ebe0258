import { useEffect, useId, useRef, useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, Failure, Field, Select, TextArea } from "../../ui";
import { Loaded } from "../loaded";
import { previewOf, standardTexts, type MailPreview, type Plan, type StandardText, type Wording } from "./api";
import { ownLanguage, unknownNames, withName } from "./named";
import { t, textOr } from "./texts";
import "./wording.css";

type Texts = Plan["texts"];
type Part = keyof Wording;

const NOTHING: Wording = { subject: "", text: "" };
const PREVIEW_AFTER_MS = 400; // the preview is made after this pause in typing, ms

interface Props {
  site: string;
  languages: string[];
  texts: Texts;
  onChange: (texts: Texts) => void;
}

/** Edits a site's own wording of its mails, one mail in one language at a time, with a preview. */
export function WordingEditor({ site, languages, texts, onChange }: Props) {
  const [language, setLanguage] = useState(languages[0] ?? "en");
  const [kind, setKind] = useState("reply");
  const own = texts[language]?.[kind] ?? NOTHING;
  const set = (wording: Wording) => onChange({ ...texts, [language]: { ...texts[language], [kind]: wording } });
  const worded = (one: string) => {
    const found = texts[language]?.[one];
    return found !== undefined && found.subject + found.text !== "";
  };
  return (
    <Loaded key={language} what={`wording ${site} ${language}`} load={() => standardTexts(site, language)}>
      {(mails) => {
        const standard = mails.find((one) => one.kind === kind) ?? mails[0]!;
        return (
          <div class="wording" data-testid="mail-wording">
            <div class="stack">
              <div class="wording-which">
                <Select
                  label={t("wording.language")}
                  value={language}
                  choices={languages.map((value) => ({ value, label: ownLanguage(value) }))}
                  data-testid="wording-language"
                  onChange={(event) => setLanguage(event.currentTarget.value)}
                />
                <Select
                  label={t("wording.kind")}
                  value={standard.kind}
                  choices={mails.map(({ kind: value }) => ({
                    value,
                    label: (worded(value) ? "• " : "") + textOr(`kind.${value}`, value),
                  }))}
                  data-testid="wording-kind"
                  onChange={(event) => setKind(event.currentTarget.value)}
                />
              </div>
              <WordingFields key={`${language} ${kind}`} standard={standard} own={own} onChange={set} />
            </div>
            <MailFrame site={site} language={language} standard={standard} own={own} />
          </div>
        );
      }}
    </Loaded>
  );
}

function WordingFields({ standard, own, onChange }: { standard: StandardText; own: Wording; onChange: (own: Wording) => void }) {
  const boxes = useRef<HTMLDivElement>(null);
  const last = useRef<Part>("text");
  const error = (part: Part) => {
    const unknown = unknownNames(own[part], standard.names);
    return unknown.length === 0 ? undefined : t("wording.unknown", { names: unknown.join(", ") });
  };
  const insert = (name: string) => {
    const part = last.current;
    const box = boxes.current?.querySelector<HTMLInputElement | HTMLTextAreaElement>(`[name="${part}"]`);
    if (!box) return;
    const { text, cursor } = withName(
      own[part],
      name,
      box.selectionStart ?? box.value.length,
      box.selectionEnd ?? box.value.length,
    );
    onChange({ ...own, [part]: text });
    requestAnimationFrame(() => {
      box.focus();
      box.setSelectionRange(cursor, cursor);
    });
  };
  const noteFocus = ({ target }: FocusEvent) => {
    const name = (target as HTMLInputElement).name;
    if (name === "subject" || name === "text") last.current = name;
  };
  return (
    <div class="stack" ref={boxes} onFocusIn={noteFocus}>
      <Field
        label={t("wording.subject")}
        hint={t("wording.hint")}
        name="subject"
        value={own.subject}
        placeholder={standard.subject}
        maxLength={120}
        error={error("subject")}
        data-testid="wording-subject"
        onInput={(event) => onChange({ ...own, subject: event.currentTarget.value })}
      />
      <TextArea
        label={t("wording.text")}
        name="text"
        rows={7}
        value={own.text}
        placeholder={standard.text}
        maxLength={1000}
        error={error("text")}
        data-testid="wording-text"
        onInput={(event) => onChange({ ...own, text: event.currentTarget.value })}
      />
      <div class="wording-names" role="group" aria-label={t("wording.names")}>
        <span class="dim">{t("wording.names")}</span>
        {standard.names.map((name) => (
          <button
            key={name}
            type="button"
            class="wording-name"
            title={textOr(`wording.name.${name}`, name)}
            onClick={() => insert(name)}
          >
            <code>{`{${name}}`}</code> {textOr(`wording.name.${name}`, "")}
          </button>
        ))}
      </div>
      <div class="row">
        <Button
          kind="quiet"
          onClick={() => onChange({ subject: own.subject || standard.subject, text: own.text || standard.text })}
          data-testid="wording-begin"
        >
          {t("wording.begin")}
        </Button>
        <Button kind="quiet" disabled={own.subject + own.text === ""} onClick={() => onChange(NOTHING)}>
          {t("wording.back")}
        </Button>
      </div>
    </div>
  );
}

/** Shows the mail as its reader would see it. The frame is a page of its own, because the content security policy of our pages
 *  forbids inline styles. */
function MailFrame({ site, language, standard, own }: { site: string; language: string; standard: StandardText; own: Wording }) {
  const [seen, setSeen] = useState<MailPreview | null>(null);
  const [failed, setFailed] = useState("");
  const [plain, setPlain] = useState(false);
  const bad = unknownNames(`${own.subject} ${own.text}`, standard.names).length > 0;
  useEffect(() => {
    if (bad) return undefined;
    let wanted = true;
    const timer = setTimeout(() => {
      previewOf(site, standard.kind, language, own).then(
        (found) => {
          if (!wanted) return;
          setSeen(found);
          setFailed("");
        },
        (error: unknown) => wanted && setFailed(sentence(error)),
      );
    }, PREVIEW_AFTER_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [site, language, standard.kind, own.subject, own.text, bad]);
  return (
    <figure class="mail-seen" data-testid="mail-preview">
      <figcaption class="row">
        <strong dir="auto">{seen?.subject ?? t("wording.preview")}</strong>
        <Button kind="quiet" onClick={() => setPlain(!plain)} data-testid="mail-preview-plain">
          {t(plain ? "wording.as_html" : "wording.as_text")}
        </Button>
      </figcaption>
      <Failure text={failed} />
      {plain ? <pre dir="auto">{seen?.text ?? ""}</pre> : <Shown html={seen?.html ?? ""} />}
      <p class="dim">{t("wording.preview.hint")}</p>
    </figure>
  );
}

function Shown({ html }: { html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const id = useId();
  useEffect(() => {
    const note = (event: MessageEvent) => {
      if (event.source === frame.current?.contentWindow && event.data === "ready") setReady(true);
    };
    addEventListener("message", note);
    return () => removeEventListener("message", note);
  }, []);
  useEffect(() => {
    // the target is "*", because the sandboxed page has no origin
    if (ready && html !== "") frame.current?.contentWindow?.postMessage(html, "*");
  }, [ready, html]);
  return <iframe ref={frame} id={id} src="/mail-preview" sandbox="allow-scripts" title={t("wording.preview")} />;
}
