"""Sound and video of each person. Tests recognise people by known tones, with an FFT, and by known colours."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import Error, Page

SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Voice:
    """A person's sound and picture: a tone in Hz, and a plain colour (R, G, B)."""

    hz: int
    rgb: tuple[int, int, int]


USER = Voice(440, (200, 40, 40))
COUNSELOR = Voice(620, (40, 170, 60))
PROFESSIONAL = Voice(880, (40, 70, 200))


def write_tone(path: Path, hz: int, seconds: float = 10.0) -> Path:
    """Write a mono 16-bit WAV file. Played in a loop, the tone has no jump at the seam.

    The tone's level varies slightly, so that noise suppression does not remove the tone as hum.
    """
    time = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    samples = 0.4 * np.sin(2 * np.pi * hz * time) * (0.75 + 0.25 * np.sin(2 * np.pi * 4 * time))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((samples * 32_767).astype("<i2").tobytes())
    return path


def write_colour(path: Path, rgb: tuple[int, int, int], width: int = 320, height: int = 240, frames: int = 15) -> Path:
    """Write a Y4M clip of one colour (BT.601). A bright bar moves in the clip, so that no two frames are alike."""
    red, green, blue = rgb
    luma = 16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256
    cb = 128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256
    cr = 128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256
    chroma = bytes([round(cb)]) * (width * height // 4) + bytes([round(cr)]) * (width * height // 4)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F15:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(frames):
            picture = np.full((height, width), round(luma), np.uint8)
            picture[:6, number * 20 % width : number * 20 % width + 20] = 235
            out.write(b"FRAME\n" + picture.tobytes() + chroma)
    return path


LISTEN = """
async ({ frequencies, ms, audible, peak }) => {
  const context = window.__ears ??= new AudioContext();
  await context.resume();
  const ears = [...document.querySelectorAll('audio')]
    .map((element) => element.srcObject)
    .filter((stream) => stream && stream.getAudioTracks().length)
    .map((stream) => {
      const source = context.createMediaStreamSource(stream);
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      source.connect(analyser);
      return { source, analyser };
    });
  const spectrum = new Float32Array(4096);
  const measured = Object.fromEntries(frequencies.map((hz) => [hz, []]));
  const loud = []; // for each measurement, the audible frequencies
  const settled = () => peak
    ? frequencies.every((hz) => Math.max(...measured[hz]) > audible)
    : loud.length >= 3 && new Set(loud.slice(-3)).size === 1;
  const end = performance.now() + ms;
  while (performance.now() < end && !settled()) {
    await new Promise((done) => setTimeout(done, 180));
    const now = Object.fromEntries(frequencies.map((hz) => [hz, -200]));
    for (const { analyser } of ears) {
      analyser.getFloatFrequencyData(spectrum);
      for (const hz of frequencies) {
        const bin = Math.round((hz * 8192) / context.sampleRate);
        const level = Math.max(spectrum[bin - 1], spectrum[bin], spectrum[bin + 1]);
        if (Number.isFinite(level)) now[hz] = Math.max(now[hz], level);
      }
    }
    for (const hz of frequencies) measured[hz].push(now[hz]);
    loud.push(String(frequencies.filter((hz) => now[hz] > audible)));
  }
  for (const { source } of ears) source.disconnect();
  return Object.fromEntries(frequencies.map((hz) => {
    const levels = (peak ? measured[hz] : measured[hz].slice(-3)).sort((a, b) => a - b);
    return [hz, levels[peak ? levels.length - 1 : levels.length >> 1]];
  }));
}
"""

# Without a sound card, Firefox never starts an AudioContext. So this script records the sound that the page receives, and
# analyses the recording.
LISTEN_BY_RECORDING = """
async ({ frequencies, ms }) => {
  const heard = Object.fromEntries(frequencies.map((hz) => [hz, -200]));
  for (const { srcObject } of document.querySelectorAll('audio')) {
    if (!srcObject || !srcObject.getAudioTracks().length) continue;
    const recorder = new MediaRecorder(srcObject);
    const whole = new Promise((done) => { recorder.ondataavailable = ({ data }) => done(data); });
    recorder.start();
    setTimeout(() => recorder.stop(), ms);
    const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(await (await whole).arrayBuffer());
    const samples = sound.getChannelData(0).slice(-16384);
    for (const hz of frequencies) {
      let [real, imaginary] = [0, 0];
      samples.forEach((value, index) => {
        real += value * Math.cos((2 * Math.PI * hz * index) / 48000);
        imaginary += value * Math.sin((2 * Math.PI * hz * index) / 48000);
      });
      heard[hz] = Math.max(heard[hz], 20 * Math.log10((2 * Math.hypot(real, imaginary)) / samples.length + 1e-9));
    }
  }
  return heard;
}
"""

AUDIBLE_DB = -55.0
HOLD_HZ = (262, 330)  # The two frequencies of the soft hold tone, which users hear on hold and during a consultation.
FIREFOX_HZ = 1000  # The frequency of the tone that Firefox's fake microphone plays.


async def levels(page: Page, *frequencies: int, ms: int = 900, peak: bool = False) -> dict[int, float]:
    """Return for each frequency the level in dBFS at which this page plays it.

    Measure until three measurements in a row agree which frequencies are audible. With `peak`, measure until each frequency has
    been audible once, and return the highest level of each. In both cases, measure for at most `ms`.
    """
    browser = page.context.browser
    by_recording = browser is not None and browser.browser_type.name == "firefox"
    script = LISTEN_BY_RECORDING if by_recording else LISTEN
    found = await page.evaluate(script, {"frequencies": list(frequencies), "ms": ms, "audible": AUDIBLE_DB, "peak": peak})
    return {int(hz): float(level) for hz, level in found.items()}


async def heard(page: Page, ms: int = 900) -> set[int]:
    """Return which of the tones of user, counselor and professional this page plays.

    While the page reloads, return an empty set.
    """
    try:
        found = await levels(page, USER.hz, COUNSELOR.hz, PROFESSIONAL.hz, ms=ms)
    except Error as error:
        if "context was destroyed" not in str(error):
            raise
        return set()
    return {hz for hz, level in found.items() if level > AUDIBLE_DB}


# Checks every 10 ms whether this page plays the tone. Records the first and the last time at which the tone was played, and the
# longest gap between two such times.
EAR = """
(hz) => {
  const context = window.__ear ??= new AudioContext();
  const note = window.__note = { first: 0, last: 0, gap: 0 };
  const tapped = new Map();
  const spectrum = new Float32Array(512);
  clearInterval(window.__earTimer);
  window.__earTimer = setInterval(() => {
    for (const element of document.querySelectorAll('audio')) {
      const stream = element.srcObject;
      if (!stream || tapped.has(stream) || !stream.getAudioTracks().length) continue;
      const analyser = context.createAnalyser();
      analyser.fftSize = 1024;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(stream).connect(analyser);
      tapped.set(stream, analyser);
    }
    const now = Date.now();
    for (const analyser of tapped.values()) {
      analyser.getFloatFrequencyData(spectrum);
      const bin = Math.round((hz * 1024) / context.sampleRate);
      if (Math.max(spectrum[bin - 1], spectrum[bin], spectrum[bin + 1]) > -55) {
        if (note.last) note.gap = Math.max(note.gap, now - note.last);
        note.first ||= now;
        note.last = now;
        break;
      }
    }
  }, 10);
}
"""


async def note(page: Page) -> dict[str, float]:
    found: dict[str, float] = await page.evaluate("window.__note")
    return found


LOOK = """
() => [...document.querySelectorAll('video')].filter((video) =>
    video.videoWidth > 0 && video.checkVisibility() && video.dataset.testid !== 'self-video').map((video) => {
  const canvas = document.createElement('canvas');
  canvas.width = 16; canvas.height = 12;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 16, 12);
  const data = context.getImageData(4, 5, 8, 4).data;
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  return { rgb: sum.map((value) => value / (data.length / 4)) };
})
"""


async def seen(page: Page) -> set[Voice]:
    """Return the people whose videos this page shows, recognised by colour. The video of the page's own user does not count."""
    shown = set()
    for picture in await page.evaluate(LOOK):
        for voice in (USER, COUNSELOR, PROFESSIONAL):
            if all(abs(is_ - wanted) < 45 for is_, wanted in zip(picture["rgb"], voice.rgb, strict=True)):
                shown.add(voice)
    return shown
