/** A recorded board as it was at any time: applies the changes of its journal up to that time. */

import { unbase64 } from "../room/base64";
import { BoardDoc } from "../room/board/board-doc";
import { updates } from "../room/board/sync";
import type { BoardWire } from "../room/room-link";
import { createStore } from "../ui";

/** One change of the board. `at`: Unix ms; 0 for a change from an older version, which stored no times. `update`: a Yjs update
 *  in base64. */
export interface BoardStep {
  at: number;
  update: string;
}

export class BoardHistory {
  /** Whether all changes have a time. If one has none, the player has the whole board from the start. It can then only hide each
   *  shape until the time at which the shape was drawn. */
  readonly timed: boolean;
  private applied = 0;
  private pass: (message: Uint8Array) => void = () => undefined;
  private doc: BoardDoc;

  constructor(private readonly steps: readonly BoardStep[]) {
    this.timed = steps.every(({ at }) => at > 0);
    this.doc = this.begin();
  }

  /** Returns the board as it was at `until` (Unix ms). Going back makes a new document, because Yjs cannot take changes back. */
  at(until: number): BoardDoc {
    let due = 0;
    while (due < this.steps.length && this.steps[due]!.at <= until) due++;
    if (due < this.applied) {
      this.doc.close();
      this.doc = this.begin();
    }
    for (; this.applied < due; this.applied++)
      for (const message of updates(unbase64(this.steps[this.applied]!.update))) this.pass(message);
    return this.doc;
  }

  close(): void {
    this.doc.close();
  }

  private begin(): BoardDoc {
    this.applied = 0;
    return new BoardDoc(this.wire(), () => "");
  }

  /** Returns a `BoardWire` without a connection: `pass` delivers messages to this wire, and the wire sends nothing. */
  private wire(): BoardWire {
    return {
      send: () => true,
      onMessage: (listener) => {
        this.pass = listener;
        return () => undefined;
      },
      generation: createStore(0),
    };
  }
}
