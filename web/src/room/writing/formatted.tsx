import type { Inline } from "./inline";
import { parse, type Block } from "./tree";
import "./formatted.css";

/** A line with its formatting and links. The line is built from elements, so no text is ever parsed as HTML. */
export function Formatted({ text }: { text: string }) {
  return (
    <>
      {parse(text).map((block, i) => (
        <Part key={i} block={block} />
      ))}
    </>
  );
}

function Part({ block }: { block: Block }) {
  if (block.kind === "code") {
    return (
      <pre class="line-code" dir="ltr">
        <code>{block.text}</code>
      </pre>
    );
  }
  if (block.kind === "list") {
    const items = block.items.map((item, i) => (
      <li key={i}>
        <Pieces of={item} />
      </li>
    ));
    return block.start === null ? (
      <ul class="line-list" dir="auto">
        {items}
      </ul>
    ) : (
      <ol class="line-list" dir="auto" start={block.start}>
        {items}
      </ol>
    );
  }
  if (block.kind === "quote") {
    return (
      <blockquote class="line-quote" dir="auto">
        <Pieces of={block.of} />
      </blockquote>
    );
  }
  return (
    <div>
      <Pieces of={block.of} />
    </div>
  );
}

function Pieces({ of }: { of: Inline[] }) {
  return (
    <>
      {of.map((piece, i) => (
        <Piece key={i} piece={piece} />
      ))}
    </>
  );
}

function Piece({ piece }: { piece: Inline }) {
  if (typeof piece === "string") return <>{piece}</>;
  if (piece.kind === "code") return <code class="line-code">{piece.text}</code>;
  if (piece.kind === "link") {
    const web = piece.href.startsWith("http");
    return (
      <a class="line-link" dir="ltr" href={piece.href} rel="noopener noreferrer" target={web ? "_blank" : undefined}>
        {piece.text}
      </a>
    );
  }
  const Kind = piece.kind;
  return (
    <Kind>
      <Pieces of={piece.of} />
    </Kind>
  );
}
