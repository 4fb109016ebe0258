/** Compresses what leaves the page, and cuts it into messages. */

/** Characters of base64 in one message; the server refuses longer ones. A multiple of four, so each piece is whole base64. */
export const PIECE = 48_000;

/** Returns whether this browser can compress. Older ones cannot show the page. */
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
