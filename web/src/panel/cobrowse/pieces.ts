/** Compresses the events of the partner's page, and cuts them into messages. */

/** One message has at most this many characters of base64; the server refuses more. The number is a multiple of four, so that
 *  each piece can be decoded alone. */
export const PIECE = 48_000;

/** Returns whether this browser can compress. An older browser cannot, and so cannot show the page to staff. */
export const canDeflate = (): boolean => typeof CompressionStream === "function";

export async function deflate(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export function pieces(data: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < data.length; at += PIECE) all.push(data.slice(at, at + PIECE));
  return all;
}
