import type { Channel } from "../../messages";
import { Field, Select, TextArea } from "../../ui";
import type { Problems, SiteSettings } from "./api";
import { LogoField } from "./logo-field";
import { problem } from "./problems";
import { t } from "./texts";

const CHANNELS: Channel[] = ["text", "voice", "video"];
const CORNERS = ["right", "left"] as const;

interface FrontProps {
  site: string;
  logo: string;
  settings: SiteSettings;
  problems: Problems;
  onChange: (part: Partial<SiteSettings>) => void;
  /** Called after the logo was stored or removed. A logo is stored or removed at once, without waiting until the form is
   *  saved. */
  onLogo: () => Promise<void>;
}

/** The fields for what visitors see of the site: logo, launcher, channels (text, voice, video), and notices. */
export function Front({ site, logo, settings, problems, onChange, onLogo }: FrontProps) {
  const languages = settings.languages;
  const texts = (field: "launcher_texts" | "waiting_notice" | "recording_notice") => {
    const boxes = languages.map((language, n) => {
      const shared = {
        label: t(`field.${field}.in`, { language }),
        hint: n === 0 ? t(`field.${field}.hint`) : undefined,
        value: settings[field][language] ?? "",
        error: problem(problems[field]),
        "data-testid": `site-${field}-${language}`,
        onInput: (event: { currentTarget: { value: string } }) =>
          onChange({ [field]: { ...settings[field], [language]: event.currentTarget.value } }),
      };
      return field === "launcher_texts" ? (
        <Field key={language} {...shared} maxLength={40} />
      ) : (
        <TextArea key={language} {...shared} rows={2} maxLength={300} />
      );
    });
    return <div class="settings-fields settings-kind">{boxes}</div>;
  };
  const offers = (channel: Channel) => settings.channels.includes(channel);
  const toggle = (channel: Channel) =>
    onChange({ channels: CHANNELS.filter((one) => (one === channel ? !offers(one) : offers(one))) });
  return (
    <fieldset class="card settings-fields">
      <legend>{t("group.front")}</legend>
      <LogoField site={site} first={logo} onChanged={onLogo} />
      <Select
        label={t("field.corner")}
        hint={t("field.corner.hint")}
        choices={CORNERS.map((value) => ({ value, label: t(`field.corner.${value}`) }))}
        value={settings.corner}
        data-testid="site-corner"
        onChange={(event) => onChange({ corner: event.currentTarget.value as SiteSettings["corner"] })}
      />
      <fieldset class="settings-checks">
        <legend>{t("field.channels")}</legend>
        {CHANNELS.map((channel) => (
          <label key={channel}>
            <input
              type="checkbox"
              checked={offers(channel)}
              data-testid={`site-channel-${channel}`}
              onChange={() => toggle(channel)}
            />{" "}
            {t(`field.channels.${channel}`)}
          </label>
        ))}
        {problem(problems.channels) && (
          <p class="field-error" role="alert">
            {problem(problems.channels)}
          </p>
        )}
      </fieldset>
      {texts("launcher_texts")}
      {texts("waiting_notice")}
      {settings.recording === "ask" && texts("recording_notice")}
    </fieldset>
  );
}
