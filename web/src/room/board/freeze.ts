/** Makes a still picture from a camera or a shared screen. */

const WIDTH_MOST = 1600;
const FRAME_MS = 5000;
const QUALITY = 0.9;

/**
 * Returns one frame of a stream as a picture. Rejects with an Error if the stream does not play, or if no frame comes within 5 s.
 */
export async function freeze(stream: MediaStream): Promise<Blob> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  try {
    await firstFrame(video);
    const scale = Math.min(1, WIDTH_MOST / video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) =>
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/jpeg", QUALITY),
    );
  } finally {
    video.srcObject = null;
  }
}

function firstFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error("no frame")), FRAME_MS);
    video.addEventListener("loadeddata", () => {
      clearTimeout(timer);
      done();
    });
    video.play().catch(failed);
  });
}
