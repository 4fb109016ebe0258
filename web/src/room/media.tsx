/** The <audio> and <video> elements that play the streams of a RoomPeer. */

import { Volume2 } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../ui/button";
import { useLocale, useStore } from "../ui/store";
import type { RoomLink } from "./room-link";
import { t } from "./words";

/** Plays the sound of the other people. If the browser blocks sound until a click, shows a button to click. */
export function RoomAudio({ link }: { link: RoomLink }) {
  useLocale();
  const element = useRef<HTMLAudioElement>(null);
  const [blocked, setBlocked] = useState(false);
  const stream = useStore(link.peer.state, (state) => state.audio);
  const speaker = useStore(link.devices.state, (state) => state.speaker);
  const micSilent = useStore(link.devices.state, (state) => state.mic.silent);
  const play = () => {
    element.current?.play().then(
      () => setBlocked(false),
      (error: unknown) => setBlocked(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  };
  useEffect(() => {
    if (!element.current) return;
    element.current.srcObject = stream;
    if (stream) play();
  }, [stream]);
  useEffect(() => {
    // A phone call or the lock of the screen pauses the sound, and the phone does not always resume it by itself.
    const resume = () => {
      if (!document.hidden && element.current?.srcObject && element.current.paused) play();
    };
    resume();
    document.addEventListener("visibilitychange", resume);
    return () => document.removeEventListener("visibilitychange", resume);
  }, [micSilent]);
  useEffect(() => {
    const audio = element.current;
    if (audio && "setSinkId" in audio && audio.sinkId !== speaker)
      // If the chosen speaker fails, the browser's own choice is used, and the list of speakers shows that.
      audio.setSinkId(speaker).catch(() => link.devices.chooseSpeaker(""));
  }, [speaker, stream]);
  return (
    <>
      <audio ref={element} data-testid="room-audio" autoplay />
      {blocked && (
        <div class="notice notice-warn sound-blocked" role="alert">
          {t("soundBlocked")}
          <Button icon={Volume2} kind="primary" onClick={play}>
            {t("soundTurnOn")}
          </Button>
        </div>
      )}
    </>
  );
}

export interface VideoProps {
  stream: MediaStream | null;
  class?: string;
  label: string;
  participant?: string;
  kind?: "camera" | "screen";
  self?: boolean;
}

/** A <video> element, always muted: everybody's sound comes from the one audio element. */
export function Video({ stream, class: className = "", label, participant, kind, self = false }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (!element.current) return;
    element.current.srcObject = stream;
    // A newer stream interrupts the play() of the older one; that is not an error.
    if (stream) element.current.play().catch(() => undefined);
  }, [stream]);
  return (
    <video
      ref={element}
      class={className}
      autoplay
      muted
      playsInline
      aria-label={label}
      data-testid={self ? "self-video" : "stage-video"}
      data-participant={participant}
      data-kind={kind}
      data-self={self ? "" : undefined}
    />
  );
}

/** Returns a stream with this one track; null without a track. The stream is the same object while the track is the same. */
export function useTrackStream(track: MediaStreamTrack | null): MediaStream | null {
  const held = useRef<{ track: MediaStreamTrack | null; stream: MediaStream | null }>({ track: null, stream: null });
  if (held.current.track !== track) held.current = { track, stream: track && new MediaStream([track]) };
  return held.current.stream;
}
